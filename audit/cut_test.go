package audit

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// cutAfter takes the records of what was sent after a moment out of a history, as if the
// generator had ended then.
func (p *planted) cutAfter(moment results.Duration) {
	var writes []results.Write
	for _, w := range p.bundle.Writes {
		if w.Done <= moment {
			writes = append(writes, w)
		}
	}
	var reads []results.AuditRead
	for _, r := range p.bundle.Reads {
		if r.Final || r.Done <= moment {
			reads = append(reads, r)
		}
	}
	p.bundle.Writes, p.bundle.Reads = writes, reads
}

// TestMissingRecordsAccuseNoServer: the last records of a generator are missing, while what
// it wrote is read back. Nothing is found then that was not planted, and without the
// mark of the generator much would be.
func TestMissingRecordsAccuseNoServer(t *testing.T) {
	invented := 0
	for seed := range uint64(1000) {
		p := plant(seed, false)
		p.cutAfter(results.Duration(5e8))
		if len(p.bundle.Writes) == 0 {
			continue
		}
		_, unmarked := Judge(p.bundle)
		p.bundle.Run.Generators = []results.Generator{{Index: 0, Missing: true}}
		a, findings := Judge(p.bundle)
		if !a.Partial() || a.Unread == "" {
			t.Errorf("history %d: the ledger counts as whole: %+v", seed, a)
		}
		for what, n := range found(findings) {
			// Which write a value of a foreign kind altered is not known without records.
			class, key, _ := strings.Cut(what, " ")
			key, _, _ = strings.Cut(key, " ")
			if n > p.want[what] && (class != results.ClassAltered || p.want["phantom "+key] == 0) {
				t.Errorf("history %d: invented %s ×%d", seed, what, n-p.want[what])
			}
		}
		for what, n := range found(unmarked) {
			invented += max(0, n-p.want[what])
		}
	}
	if invented < 1000 {
		t.Errorf("only %d findings would have been invented: the records that are missing matter too little", invented)
	}
}

// TestOnlyTheLedgerOfTheLostGeneratorIsCut: of two generators the first was lost.
func TestOnlyTheLedgerOfTheLostGeneratorIsCut(t *testing.T) {
	value := "5"
	b := &results.Bundle{Run: results.Run{Generators: []results.Generator{{Index: 0, Missing: true}, {Index: 1}}}}
	for _, client := range []string{"generator 0", "generator 1"} {
		b.Writes = append(b.Writes, results.Write{Kind: results.KindCounter, Key: client, Client: client, Outcome: "ok", Reply: "1", Sent: 1, Done: 2})
		b.Reads = append(b.Reads, results.AuditRead{Kind: results.KindCounter, Key: client, Final: true, Outcome: "ok", Value: &value, Sent: 3, Done: 4})
	}
	a, findings := Judge(b)
	if len(findings) != 1 || findings[0].Class != results.ClassDuplicated || findings[0].Write.Client != "generator 1" {
		t.Errorf("%+v", findings)
	}
	if a.ReadBack != 1 || a.Writes != 2 || a.Unread != "the last records of the generator that wrote 1 key are missing" {
		t.Errorf("%+v", a)
	}
}
