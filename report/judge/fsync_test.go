package judge

import (
	"time"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// slowFsync has a fault add 300 ms to each fsync of node-1, whose audited writes take so many
// milliseconds before it and meanwhile.
func slowFsync(before, during float64) *results.Bundle {
	b := fixture.Killed()
	b.Run.Faults = append(b.Run.Faults, results.Fault{
		Name: "slow", Kind: "slowDisk", Detail: "fsync 300ms slower on primary of shard 1", Traits: results.Traits{Takes: results.TakesDisk, Lasts: true}, Status: results.StatusHealed,
		Node: "node-1", Shard: 1, Role: "primary", Injected: fixture.MS(10000), Proved: fixture.MS(10100), Released: fixture.MS(14000), Restored: fixture.MS(14100),
	})
	for i := range 20 {
		for at, took := range map[float64]float64{7000: before, 10200: during} {
			sent := at + float64(i)*100
			b.Writes = append(b.Writes, results.Write{Seq: 1000 + 2*i, Shard: 1, Node: "node-1", Sent: fixture.MS(sent), Done: fixture.MS(sent + took), Outcome: "ok"})
		}
	}
	return b
}

// synced has the scenario slow the disk, with an append-only file that is synced so.
func synced(appendfsync string) func(*scenarios.Scenario) {
	return func(s *scenarios.Scenario) {
		s.Redis.Config["appendonly"], s.Redis.Config["appendfsync"] = "yes", appendfsync
		s.Timeline.Faults = append(s.Timeline.Faults, scenarios.Fault{Name: "slow", SlowDisk: &scenarios.SlowDisk{Fsync: scenarios.Duration(300 * time.Millisecond)}})
	}
}

// slowWrites is synced by a disk whose writes are slow as well.
func slowWrites(s *scenarios.Scenario) {
	synced("always")(s)
	s.Timeline.Faults[len(s.Timeline.Faults)-1].SlowDisk.Write = scenarios.Duration(300 * time.Millisecond)
}

// unproved has nothing prove the last fault.
func unproved(b *results.Bundle) *results.Bundle {
	b.Run.Faults[len(b.Run.Faults)-1].Proved = 0
	return b
}

// unaudited has no audited writes.
func unaudited(b *results.Bundle) *results.Bundle {
	b.Writes = nil
	return b
}
