package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// TestRowsShowFailoversOnly: an episode in which the old primary came back is no failover, even
// if it is the first one that ended.
func TestRowsShowFailoversOnly(t *testing.T) {
	t.Parallel()
	back := results.Failover{From: "node-0", To: "node-0", Complete: true, Server: results.DurationOf(2 * time.Second)}
	replaced := results.Failover{From: "node-1", To: "node-4", Complete: true, Server: results.DurationOf(3 * time.Second)}
	open := results.Failover{From: "node-1", To: "node-4", Server: results.DurationOf(time.Second)}
	if got := medianFailover(&results.Summary{Failovers: []results.Failover{back, open}}); got != nil {
		t.Errorf("a primary that came back, and a failover that did not end: %s", *got)
	}
	if got := medianFailover(&results.Summary{Failovers: []results.Failover{back, replaced}}); got == nil || *got != replaced.Server {
		t.Errorf("a failover after a primary that came back: %v, want %s", got, replaced.Server)
	}
}

// TestRowsShowLosses: altered writes count as lost, and an audit that could not read everything
// back has no number of losses, only a least one.
func TestRowsShowLosses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		audit        *results.Audit
		text, fields string
	}{
		"none":                     {nil, "", `{}`},
		"no losses":                {&results.Audit{Writes: 10, OK: 10, ReadBack: 10}, "0", `{"writesLost":0}`},
		"altered writes":           {&results.Audit{Writes: 10, OK: 10, ReadBack: 10, Lost: 1, Altered: 2}, "3", `{"writesLost":3}`},
		"nothing read back":        {&results.Audit{Writes: 10, OK: 10}, "–", `{}`},
		"not everything read back": {&results.Audit{Writes: 10, OK: 10, ReadBack: 4, Lost: 1, Altered: 2}, "≥ 3", `{"writesLostAtLeast":3}`},
		"nothing acknowledged":     {&results.Audit{Writes: 10, Unknown: 10, ReadBack: 10}, "–", `{}`},
	} {
		row := rowOf(results.Entry{Run: &results.Run{Audit: tt.audit}}, nil)
		raw, err := json.Marshal(struct {
			Lost    *int `json:"writesLost,omitempty"`
			AtLeast int  `json:"writesLostAtLeast,omitempty"`
		}{row.Lost, row.LostAtLeast})
		if err != nil {
			t.Fatal(err)
		}
		if row.LostText != tt.text || string(raw) != tt.fields {
			t.Errorf("%s: %q, %s; want %q, %s", name, row.LostText, raw, tt.text, tt.fields)
		}
	}
}
