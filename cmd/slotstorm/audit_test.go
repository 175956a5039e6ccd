package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/audit"
	"github.com/slotstorm/slotstorm/results"
)

// auditedRun writes a bundle with a ledger of three writes, of which the last two
// were lost, and gives its folder.
func auditedRun(t *testing.T, root, id string, change func(b *results.Bundle)) string {
	t.Helper()
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	w, err := results.Create(root, id, start)
	if err != nil {
		t.Fatal(err)
	}
	b := &results.Bundle{Run: results.Run{SchemaVersion: results.SchemaVersion, ID: id, Name: "tiny", Scenario: json.RawMessage("{}"), Start: start,
		Nodes: []results.Node{{Name: "node-0"}, {Name: "node-1"}}}}
	at := func(n int) results.Duration { return results.DurationOf(time.Duration(n) * time.Millisecond) }
	value := "run:0"
	for i := range 3 {
		b.Writes = append(b.Writes, results.Write{Seq: i, Kind: results.KindList, Key: "k", Value: "run:" + string(rune('0'+i)), Node: "node-0",
			Sent: at(10 * i), Done: at(10*i + 5), Outcome: "ok"})
	}
	b.Reads = []results.AuditRead{{Kind: results.KindList, Key: "k", Final: true, Sent: at(100), Done: at(101), Elements: []string{value}, Outcome: "ok"}}
	b.Events = []results.Event{
		{Offset: at(30), Kind: results.EventNodeExit, Node: "node-0", Source: "supervisor"},
		{Offset: at(50), Kind: results.EventPromoted, Node: "node-1", Source: "poll"},
	}
	b.Run.Audit, b.Findings = audit.Judge(b)
	if change != nil {
		change(b)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range b.Writes {
		must(w.Ledger(l))
	}
	for _, r := range b.Reads {
		must(w.AuditRead(r))
	}
	for _, e := range b.Events {
		must(w.Event(e))
	}
	must(w.Close())
	must(w.SaveFindings(b.Findings))
	must(results.WriteFile(w.Path(results.ScenarioFile), []byte("apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: tiny}\ntimeline: {phases: [{name: steady, duration: 1s}]}\n")))
	must(w.SaveRun(&b.Run))
	must(results.Seal(w.Dir()))
	return w.Dir()
}

func TestAuditVerb(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	same := auditedRun(t, root, "same-20260304T050607Z-0001", nil)
	other := auditedRun(t, root, "other-20260304T050607Z-0002", func(b *results.Bundle) { b.Run.Audit.Lost = 0 })
	half := auditedRun(t, root, "half-20260304T050607Z-0003", func(b *results.Bundle) {
		b.Reads[0].Outcome, b.Reads[0].Elements, b.Reads[0].Error = "unknown", nil, "timeout"
		b.Run.Audit, b.Findings = audit.Judge(b)
	})
	old := auditedRun(t, root, "old-20260304T050607Z-0004", func(b *results.Bundle) { b.Reads = nil })
	none := auditedRun(t, root, "none-20260304T050607Z-0005", func(b *results.Bundle) { b.Run.Audit = nil })

	code, stdout, stderr := do(t, "audit", same, "--findings")
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	for _, want := range []string{"3 audited writes, in addition to the load: 3 acknowledged", "2 acknowledged writes lost", "async tail", "The result is the same as that of the run.", "list (RPUSH)"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	var got audited
	code, stdout, _ = do(t, "audit", filepath.Base(same)[:8], "--out", root, "--json")
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != exitOK {
		t.Fatalf("exit code %d, %v: %s", code, err, stdout)
	}
	if !got.Same || got.Audit.Lost != 2 || len(got.Findings) != 2 || got.Audit.Linearizability.Illegal != 1 {
		t.Errorf("as JSON: %+v", got)
	}
	for _, tt := range []struct {
		dir  string
		code exitCode
		says string
	}{
		{other, exitError, "the result differs from that of the run"},
		{half, exitInconclusive, ""},
		{old, exitError, "did not keep the read-back"},
		{none, exitError, "was not audited"},
		{filepath.Join(root, "nowhere"), exitError, "no run"},
	} {
		if code, _, stderr := do(t, "audit", tt.dir); code != tt.code || !strings.Contains(stderr, tt.says) {
			t.Errorf("%s: exit code %d, %q; want %d, %q", filepath.Base(tt.dir), code, stderr, tt.code, tt.says)
		}
	}
	if code, _, _ := do(t, "audit"); code != exitInvalid {
		t.Errorf("without a run: exit code %d", code)
	}
	// A ledger that was changed after the run is not judged at all.
	ledger := filepath.Join(same, results.LedgerFile)
	raw, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ledger, raw[:len(raw)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := do(t, "audit", same); code != exitError || !strings.Contains(stderr, "changed or cut short") {
		t.Errorf("with half a ledger: exit code %d, %s", code, stderr)
	}
}
