package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// upgraded is a run whose three replicas and three primaries were replaced from
// 15 s on, and that went back to a backup at 31 s.
func upgraded() *results.Bundle {
	b := quiet()
	b.Scenario = []byte(strings.NewReplacer(
		"  faults:\n    - name: kill-primary\n      at: 10s\n      kill: {target: primary of shard 0, signal: SIGKILL}\n",
		"  upgrade:\n    at: 10s\n    to: {binary: redis-server-8}\n    rollback: {at: 26s, from: backup}\n",
		"  - {metric: failover.server, max: 6s}\n  - {metric: failover.client, max: 10s}\n", "",
		"  - {metric: failovers, min: 1}\n  - {metric: writes.lost, max: 5}\n", "  - {metric: writes.lost, max: 800}\n",
		"  - {metric: throughput, phase: recovered, min: 950}\n", "",
	).Replace(fixtureYAML))
	up := &results.Upgrade{
		From: "7.0.15", To: "8.0.2", FromRelease: "redis-server", ToRelease: "redis-server-8", Order: "replicas-first", Handover: true,
		Forward: results.Roll{Status: results.RollDone, Planned: ms(15000), Began: ms(15001), Ended: ms(27350), Steps: []results.UpgradeStep{
			{Kind: results.StepBackup, Shard: -1, Began: ms(15010), Answered: ms(15300), Whole: ms(15310)},
		}},
		Back: &results.Roll{Status: results.RollDone, From: "backup", Planned: ms(31000), Began: ms(31001), Ended: ms(34100), Steps: []results.UpgradeStep{
			{Kind: results.StepRestore, Shard: -1, Began: ms(31002), Answered: ms(32100), Whole: ms(34090), Version: "7.0.15"},
		}},
		Persistence: []results.Readable{
			{Format: "RDB", Writer: "7.0.15", Reader: "8.0.2", OK: true, Evidence: "7 of 7 keys are there"},
			{Format: "RDB", Writer: "8.0.2", Reader: "7.0.15", Evidence: "Can't handle RDB format version 12"},
		},
	}
	at := 16310.0
	replace := func(node string, shard int) {
		up.Forward.Steps = append(up.Forward.Steps, results.UpgradeStep{
			Kind: results.StepReplace, Node: node, Shard: shard, Role: "replica", Version: "8.0.2", Began: ms(at), Answered: ms(at + 120), Whole: ms(at + 220),
		})
		at += 1220
	}
	for shard, node := range []string{"node-3", "node-4", "node-5"} {
		replace(node, shard)
	}
	for shard, node := range []string{"node-0", "node-1", "node-2"} {
		up.Forward.Steps = append(up.Forward.Steps, results.UpgradeStep{
			Kind: results.StepHandover, Node: node, To: []string{"node-3", "node-4", "node-5"}[shard], Shard: shard, Role: "primary", Began: ms(at), Answered: ms(at + 61), Whole: ms(at + 70),
		})
		at += 1070
		replace(node, shard)
	}
	b.Run.Upgrade = up
	b.Surfaces = results.Surfaces{
		Before: &results.Surface{
			Version: "7.0.15", Node: "node-3", Config: map[string]string{"databases": "16", "io-threads-do-reads": "no", "maxclients": "10000"},
			Commands: map[string]string{"get": "arity 2", "wait": "arity 3"}, Info: []string{"server.redis_version"},
		},
		After: &results.Surface{
			Version: "8.0.2", Node: "node-3", Config: map[string]string{"databases": "1", "maxclients": "10000", "hide-user-data-from-log": "yes"},
			Commands: map[string]string{"get": "arity 2", "wait": "arity 3, blocking", "hgetex": "arity -5"}, Info: []string{"server.redis_version", "keysizes.db0"},
		},
	}
	for shard := range 3 {
		b.Run.ProbeOutages = append(b.Run.ProbeOutages, results.Outage{Shard: shard, From: ms(31010), To: ms(33200 + 100*float64(shard)), Uncertainty: ms(5)})
	}
	// Shard 1 was away for a moment while it was handed over.
	b.Run.ProbeOutages = append(b.Run.ProbeOutages, results.Outage{Shard: 1, From: ms(22300), To: ms(22361), Uncertainty: ms(5)})
	for s := 29; s <= 30; s++ {
		b.Frames[s].Commands = map[string]results.Counts{"GET": {Failed: 800}, "SET": {Failed: 190, Unknown: 10}}
		b.Frames[s].Errors = map[string]int{"CLUSTERDOWN": 990, "eof": 10}
	}
	b.Run.Audit.Lost = 700
	return b
}

func TestUpgradeSummary(t *testing.T) {
	b := upgraded()
	s, err := Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	u := s.Upgrade
	if u == nil || u.Decision != results.Go {
		t.Fatalf("%+v, verdict %s: %v", u, s.Verdict, s.Reasons)
	}
	var names []string
	total := 0
	for _, w := range u.Windows {
		names = append(names, w.Name)
		total += w.Load.Counts.Total()
	}
	if want := []string{"before", "upgrade", "after", "rollback", "after rollback"}; !slices.Equal(names, want) || total != 35000 {
		t.Errorf("%v with %d requests", names, total)
	}
	if w := u.Windows[3]; w.Errors["CLUSTERDOWN"] != 1980 || w.Down != ms(2390) || w.Longest != ms(2390) {
		t.Errorf("rollback: %+v", w)
	}
	if len(u.Steps) != 11 || u.Steps[6].Longest != ms(61) || u.Steps[10].Errors["eof"] != 20 || u.Steps[5].Down != 0 {
		t.Errorf("steps: %+v", u.Steps)
	}
}

func TestDecision(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*results.Bundle)
		want   results.Decision
		says   string
	}{
		"all well":            {func(*results.Bundle) {}, results.Go, ""},
		"an objective missed": {func(b *results.Bundle) { b.Run.Audit.Lost = 801 }, results.NoGo, "writes.lost"},
		"a roll failed": {func(b *results.Bundle) {
			b.Run.Upgrade.Forward.Status, b.Run.Upgrade.Forward.Reason = results.RollFailed, "replace of node-3: it ended"
		}, results.NoGo, "the upgrade failed: replace of node-3"},
		"a way back that failed, on a machine that was too slow": {func(b *results.Bundle) {
			b.Run.Upgrade.Back.Status, b.Run.Upgrade.Back.Reason = results.RollFailed, "no way"
			b.Run.Audit.FailedKept = 1 // invalid
		}, results.NoGo, "the rollback failed: no way"},
		"unfinished": {func(b *results.Bundle) { b.Run.Upgrade.Back.Status = results.RollUnfinished }, results.Undecided, "rollback was not finished"},
		"refused":    {func(b *results.Bundle) { b.Run.Upgrade.Forward.Status = results.RollRefused }, results.Undecided, "the upgrade did not take place"},
		"invalid":    {func(b *results.Bundle) { b.Run.Audit.FailedKept = 1 }, results.Undecided, "cannot be trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			b := upgraded()
			tt.change(b)
			s, err := Analyze(b)
			if err != nil {
				t.Fatal(err)
			}
			if u := s.Upgrade; u.Decision != tt.want || !strings.Contains(strings.Join(u.Reasons, "\n"), tt.says) {
				t.Errorf("%s: %v (verdict %s)", u.Decision, u.Reasons, s.Verdict)
			}
		})
	}
}

func TestSheetGolden(t *testing.T) {
	b := upgraded()
	s, err := Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	var page, text, terminal bytes.Buffer
	if err := SheetHTML(&page, b, s); err != nil {
		t.Fatal(err)
	}
	if err := SheetMarkdown(&text, b, s); err != nil {
		t.Fatal(err)
	}
	if err := Text(&terminal, b, s, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "upgraded.html", page.Bytes())
	golden(t, "upgraded.md", text.Bytes())
	golden(t, "upgraded.txt", terminal.Bytes())
}
