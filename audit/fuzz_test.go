package audit

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

func lines[T any](list []T) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, v := range list {
		_ = e.Encode(v) // plain structs into memory
	}
	return b.Bytes()
}

// FuzzJudge feeds any ledger and any reads to the parser and the auditor. Whatever
// they hold, it does not panic, it repeats itself, and it calls no write lost that
// was not acknowledged.
func FuzzJudge(f *testing.F) {
	for seed := range uint64(8) {
		p := plantKeys(seed, seed%2 == 0, 1)
		f.Add(lines(p.bundle.Writes), lines(p.bundle.Reads), lines(p.bundle.Events))
	}
	f.Fuzz(func(t *testing.T, ledger, reads, events []byte) {
		b := &results.Bundle{}
		var err error
		if b.Writes, err = results.DecodeLines[results.Write](results.LedgerFile, ledger); err != nil {
			return
		}
		if b.Reads, err = results.DecodeLines[results.AuditRead](results.ReadsFile, reads); err != nil {
			return
		}
		if b.Events, err = results.DecodeLines[results.Event](results.EventsFile, events); err != nil {
			return
		}
		b.Run.Nodes = []results.Node{{Name: "node-0"}, {Name: "node-1"}}
		a, findings := Judge(b)
		if a == nil {
			return
		}
		ok := 0
		for _, w := range b.Writes {
			if w.Outcome == "ok" {
				ok++
			}
		}
		if a.OK != ok || a.Lost > ok || a.ReadBack > a.Writes {
			t.Errorf("of %d acknowledged: %+v", ok, a)
		}
		for _, f := range findings {
			if f.Class == results.ClassLost && f.Write.Outcome != "ok" {
				t.Errorf("lost, and never acknowledged: %+v", f.Write)
			}
			if f.Class == results.ClassLost && f.Cause == "" {
				t.Errorf("lost without a cause: %+v", f.Write)
			}
		}
		_, again := Judge(b)
		if !bytes.Equal(lines(findings), lines(again)) {
			t.Error("the same bundle is judged in two ways")
		}
	})
}
