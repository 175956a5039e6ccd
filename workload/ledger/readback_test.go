package ledger

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// A shard that does not answer keeps no key of another one from being read, and of its own
// keys only the first is recorded.
func TestASilentShardKeepsNoOtherFromBeingRead(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	alive, _ := redistest.Start(t)
	gone, process := redistest.Start(t)
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // it was killed
	var read []string
	a := NewAuditor(Audit{
		Target: servers.Target{
			Shards:  [][]servers.Member{{{Name: "node-0", Addr: gone}}, {{Name: "node-1", Addr: alive}}},
			Dialer:  dial.Dialer{},
			ShardOf: func(int) int { return 0 },
		},
		Clock: results.Clock{Start: time.Now()},
		Reads: func(r results.AuditRead) error {
			read = append(read, r.Key+" "+r.Outcome)
			return nil
		},
	})
	for i, key := range []string{"a", "b", "c", "d"} {
		a.written = append(a.written, results.AuditRead{Kind: results.KindOnce, Key: key, Shard: i % 2, Final: true})
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience+time.Second)
	defer cancel()
	if err := a.ReadBack(ctx); err != nil {
		t.Fatal(err)
	}
	if want := []string{"b ok", "d ok"}; len(read) != 3 || !slices.Equal(read[:2], want) || read[2] == "a ok" {
		t.Errorf("read %q, want %q and one of a", read, want)
	}
}
