package client

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

func TestTheRuntimeSuitsTheClient(t *testing.T) {
	procs, percent := runtime.GOMAXPROCS(0), debug.SetGCPercent(100)
	t.Cleanup(func() { runtime.GOMAXPROCS(procs); debug.SetGCPercent(percent) })
	for name, tc := range map[string]struct {
		client         scenarios.Client
		gogc           string
		procs, percent int
	}{
		"go-redis":                       {scenarios.Client{Type: "go-redis"}, "", 4, 400},
		"go-redis, GOGC of the user":     {scenarios.Client{Type: "go-redis"}, "50", 4, 100},
		"wire, more loops than Ps":       {scenarios.Client{Type: "wire", Wire: scenarios.WireOptions{Cores: 2}}, "", 3, 100},
		"wire, there are enough of them": {scenarios.Client{Type: "wire"}, "", 2, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOGC", tc.gogc)
			runtime.GOMAXPROCS(2)
			debug.SetGCPercent(100)
			kind, err := Named(tc.client.Type)
			if err != nil {
				t.Fatal(err)
			}
			SuitRuntime(kind, &tc.client)
			if got := runtime.GOMAXPROCS(0); got != tc.procs {
				t.Errorf("%d Ps, want %d", got, tc.procs)
			}
			if got := debug.SetGCPercent(100); got != tc.percent {
				t.Errorf("garbage is collected at %d %%, want %d", got, tc.percent)
			}
		})
	}
}
