package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

func TestLinearizabilityIsToldForEachKey(t *testing.T) {
	at := func(n int) results.Duration { return results.Duration(n) * results.Duration(time.Millisecond) }
	ok := func(seq int, kind, key, value, reply string) results.Write {
		return results.Write{Seq: seq, Kind: kind, Key: key, Value: value, Reply: reply, Outcome: "ok", Sent: at(10 * seq), Done: at(10*seq + 5)}
	}
	unknown := func(w results.Write) results.Write {
		w.Outcome, w.Reply = "unknown", ""
		return w
	}
	final := func(kind, key string, value string, elements ...string) results.AuditRead {
		r := results.AuditRead{Kind: kind, Key: key, Outcome: "ok", Final: true, Sent: at(1000), Done: at(1001), Elements: elements}
		if value != "" {
			r.Value = &value
		}
		return r
	}
	reg, cnt, lst := results.KindRegister, results.KindCounter, results.KindList
	for _, c := range []struct {
		name    string
		writes  []results.Write
		reads   []results.AuditRead
		illegal bool
	}{
		{"a register as it should be", []results.Write{ok(1, reg, "k", "a:1", ""), ok(2, reg, "k", "a:2", "a:1")}, []results.AuditRead{final(reg, "k", "a:2")}, false},
		{"a register that lost its last write", []results.Write{ok(1, reg, "k", "a:1", ""), ok(2, reg, "k", "a:2", "a:1")}, []results.AuditRead{final(reg, "k", "a:1")}, true},
		{"an unknown write that never took effect", []results.Write{ok(1, reg, "k", "a:1", ""), unknown(ok(2, reg, "k", "a:2", ""))}, []results.AuditRead{final(reg, "k", "a:1")}, false},
		{"an unknown write that did", []results.Write{ok(1, reg, "k", "a:1", ""), unknown(ok(2, reg, "k", "a:2", ""))}, []results.AuditRead{final(reg, "k", "a:2")}, false},
		{"a stale read of the primary", []results.Write{ok(1, reg, "k", "a:1", ""), ok(2, reg, "k", "a:2", "a:1")},
			[]results.AuditRead{final(reg, "k", "a:2"), {Kind: reg, Key: "k", Outcome: "ok", Sent: at(30), Done: at(31)}}, true},
		{"a stale read of a replica", []results.Write{ok(1, reg, "k", "a:1", ""), ok(2, reg, "k", "a:2", "a:1")},
			[]results.AuditRead{final(reg, "k", "a:2"), {Kind: reg, Key: "k", Outcome: "ok", Replica: true, Sent: at(30), Done: at(31)}}, false},
		{"a counter that counted twice", []results.Write{ok(1, cnt, "k", "", "1"), ok(2, cnt, "k", "", "3")}, []results.AuditRead{final(cnt, "k", "3")}, true},
		{"a counter as it should be", []results.Write{ok(1, cnt, "k", "", "1"), ok(2, cnt, "k", "", "2")}, []results.AuditRead{final(cnt, "k", "2")}, false},
		{"a list as it should be", []results.Write{ok(1, lst, "k", "a:1", "1"), ok(2, lst, "k", "a:2", "2")}, []results.AuditRead{final(lst, "k", "", "a:1", "a:2")}, false},
		{"a list in the wrong order", []results.Write{ok(1, lst, "k", "a:1", "1"), ok(2, lst, "k", "a:2", "2")}, []results.AuditRead{final(lst, "k", "", "a:2", "a:1")}, true},
	} {
		l, pictures, err := Linearize(&results.Bundle{Writes: c.writes, Reads: c.reads}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if l.Unknown != 0 || l.Linearizable+l.Illegal != 1 || (l.Illegal == 1) != c.illegal {
			t.Errorf("%s: %+v", c.name, l)
		}
		if len(pictures) != 1 || pictures[0].Name != l.Files[0] || !strings.Contains(string(pictures[0].HTML), "<html") {
			t.Errorf("%s: pictures %v", c.name, l.Files)
		}
	}
}

func TestLinearizabilityIsUnknownWhenTheTimeIsUp(t *testing.T) {
	l, _, err := Linearize(plant(1, false).bundle, 0)
	if err != nil {
		t.Fatal(err)
	}
	if l.Unknown == 0 || l.Linearizable+l.Illegal != 0 {
		t.Errorf("without time: %+v", l)
	}
}

// TestLossesAreNotLinearizable: the auditor and porcupine come to the same end by
// different ways.
func TestLossesAreNotLinearizable(t *testing.T) {
	for seed := range uint64(40) {
		p := plantKeys(seed, false, 1)
		a, _ := Judge(p.bundle)
		l, _, err := Linearize(p.bundle, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if l == nil || l.Unknown > 0 {
			continue
		}
		if a.Lost+a.Duplicated+a.Reordered+a.Phantom > 0 && l.Illegal == 0 {
			t.Errorf("history %d: found %+v, and porcupine has an order for it", seed, a)
		}
	}
}
