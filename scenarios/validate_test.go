package scenarios

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestInspectTellsTheDefaults(t *testing.T) {
	s, applied, err := Inspect("testdata/valid-minimal.yaml", "redis.shards=4")
	if err != nil {
		t.Fatal(err)
	}
	if s.Redis.Shards != 4 || s.Redis.ReplicasPerShard != 1 || s.Workload.MaxInFlight != 1024 || s.Workload.Keys.Theta != 0.99 {
		t.Errorf("%+v", s)
	}
	values := map[string]string{}
	for _, d := range applied {
		values[d.Path] = d.Value
		if d.Why == "" {
			t.Errorf("%s has no reason", d.Path)
		}
	}
	if _, ok := values["redis.shards"]; ok {
		t.Error("redis.shards was stated")
	}
	for path, want := range map[string]string{
		"cluster.local.restartDelay": "10s",
		"workload.rate":              "1000",
		"workload.mix":               "[{command: GET, weight: 80}, {command: SET, weight: 20}]",
		"workload.probe.interval":    "5ms",
	} {
		if values[path] != want {
			t.Errorf("%s is %q, want %q", path, values[path], want)
		}
	}
}

func TestDefaultsOfAClosedLoop(t *testing.T) {
	s, err := Load("testdata/valid-minimal.yaml", "workload.rate=max", "workload.keys.distribution=uniform")
	if err != nil {
		t.Fatal(err)
	}
	if w := s.Workload; w.MaxInFlight != 64 || w.Arrival != "" || w.Keys.Theta != 0 {
		t.Errorf("%+v", w)
	}
}

// Every default, stated, is what it was.
func TestDefaultsCanBeStated(t *testing.T) {
	file := "testdata/valid-near-end.yaml"
	s, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	var stated []string
	for _, d := range defaults() {
		// The file's faults are kills: what another action takes has no place.
		if action, ok := strings.CutPrefix(d.Path, "timeline.faults[0]."); ok && action != "engine" && !strings.HasPrefix(action, "kill.") {
			continue
		}
		stated = append(stated, d.Path+"="+d.Value)
	}
	again, err := Load(file, stated...)
	if err != nil || !reflect.DeepEqual(s, again) {
		t.Errorf("%v\n%+v\n%+v", err, s, again)
	}
	if len(stated) < 20 {
		t.Errorf("only %d defaults", len(stated))
	}
}

func TestNodeTimeout(t *testing.T) {
	if got := (Redis{}).NodeTimeout(); got != 15*time.Second {
		t.Errorf("the default is %s", got)
	}
	if got := (Redis{Config: map[string]string{"cluster-node-timeout": "2000"}}).NodeTimeout(); got != 2*time.Second {
		t.Errorf("2000 is %s", got)
	}
}

func TestCountActions(t *testing.T) {
	for _, c := range []struct {
		stated  []string
		message string
	}{
		{nil, "has no action"},
		{[]string{"kill"}, ""},
		{[]string{"kill", "pause"}, "has more than one action: kill, pause"},
	} {
		if message, hint := countActions(c.stated); message != c.message || (hint == "") != (message == "") {
			t.Errorf("%v: %q, %q", c.stated, message, hint)
		}
	}
}

// gap finds what trying every pair of injections finds.
func TestGap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	fault := func() Fault {
		f := Fault{At: seconds(random.IntN(60))}
		if random.IntN(3) > 0 {
			every := 1 + random.IntN(20)
			f.Repeat = &FaultRepeat{Times: 1 + random.IntN(8), Every: seconds(every), Jitter: seconds(random.IntN(every))}
		}
		return f
	}
	starts := func(f Fault) (all []Duration, jitter Duration) {
		times, every, jitter := f.injections()
		for i := range times {
			all = append(all, f.At+Duration(i)*every)
		}
		return all, jitter
	}
	for range 5000 {
		f, g := fault(), fault()
		a, jitterA := starts(f)
		b, jitterB := starts(g)
		lastsA, lastsB := seconds(random.IntN(9)), seconds(random.IntN(9))
		var gaps []Duration
		for _, x := range a {
			for _, y := range b {
				gaps = append(gaps, max(x-y-jitterB-lastsB, y-x-jitterA-lastsA))
			}
		}
		if got, want := gap(f, g, lastsA, lastsB), slices.Min(gaps); got != want {
			t.Fatalf("%+v %+v: %s, want %s", f, g, got, want)
		}
	}
}
