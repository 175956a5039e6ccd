package audit

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// TestKindsOfStaleReads: a register has two acknowledged values, one from 1 s and one from
// 2 s on, and the process of its replica node-3 ends at 3 s. It is in sync again at 5 s.
func TestKindsOfStaleReads(t *testing.T) {
	at := func(s float64) results.Duration {
		return results.DurationOf(time.Duration(math.Round(s*1e6)) * time.Microsecond)
	}
	old, now := "run:1", "run:2"
	read := func(s float64, value *string) results.AuditRead {
		return results.AuditRead{Kind: results.KindRegister, Key: "k", Node: "node-3", Replica: true, Sent: at(s), Done: at(s + 0.001), Value: value, Outcome: "ok"}
	}
	restart := []results.Event{
		{Offset: at(3), Kind: results.EventNodeExit, Source: "supervisor", Node: "node-3"},
		{Offset: at(4), Kind: results.EventNodeReady, Source: "supervisor", Node: "node-3"},
		{Offset: at(5), Uncertainty: at(0.02), Kind: results.EventLinkUp, Source: "poll", Node: "node-3"},
	}
	elsewhere := []results.Event{{Offset: at(3), Kind: results.EventNodeExit, Source: "supervisor", Node: "node-4"}}
	for _, tt := range []struct {
		name   string
		events []results.Event
		reads  []results.AuditRead
		want   results.AuditReads
	}{
		{"up to date", restart, []results.AuditRead{read(2.5, &now)}, results.AuditReads{}},
		{"behind", nil, []results.AuditRead{read(2.5, &old)}, results.AuditReads{StaleReplica: 1, MaxAge: at(0.5)}},
		{"it has not got the key yet", nil, []results.AuditRead{read(1.5, nil)}, results.AuditReads{MissingReplica: 1, MaxMissing: at(0.5)}},
		{"back without data", restart, []results.AuditRead{read(4.1, nil), read(4.6, nil)},
			results.AuditReads{EmptyReplica: 2, Empty: []results.EmptyNode{{Node: "node-3", Reads: 2, First: at(4.1), Last: at(4.6)}}}},
		{"back with older data", restart, []results.AuditRead{read(4.1, nil), read(4.2, &old)},
			results.AuditReads{StaleReplica: 1, MaxAge: at(2.2), MissingReplica: 1, MaxMissing: at(3.1)}},
		{"in sync a moment before the poll", restart, []results.AuditRead{read(4.1, nil), read(4.985, &now)},
			results.AuditReads{EmptyReplica: 1, Empty: []results.EmptyNode{{Node: "node-3", Reads: 1, First: at(4.1), Last: at(4.1)}}}},
		{"in sync again", restart, []results.AuditRead{read(6, nil)}, results.AuditReads{MissingReplica: 1, MaxMissing: at(5)}},
		{"another node was started", elsewhere, []results.AuditRead{read(4.1, nil)}, results.AuditReads{MissingReplica: 1, MaxMissing: at(3.1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &results.Bundle{Events: tt.events, Reads: append(tt.reads, results.AuditRead{Kind: results.KindRegister, Key: "k", Final: true, Sent: at(9), Done: at(9), Value: &now, Outcome: "ok"})}
			for i, value := range []string{old, now} {
				b.Writes = append(b.Writes, results.Write{Seq: i + 1, Kind: results.KindRegister, Key: "k", Value: value, Node: "node-0", Sent: at(float64(i) + 0.999), Done: at(float64(i) + 1), Outcome: "ok"})
			}
			b.Writes[1].Reply = old
			a, _ := Judge(b)
			tt.want.Replica, tt.want.Ages = len(tt.reads), a.Reads.Ages
			if !reflect.DeepEqual(*a.Reads, tt.want) {
				t.Errorf("got %+v, want %+v", *a.Reads, tt.want)
			}
		})
	}
}
