package audit

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// found are the findings in the words of planted.want. Late ones are left out:
// they say that nothing can be said.
func found(list []results.Finding) map[string]int {
	got := map[string]int{}
	for _, f := range list {
		n := max(1, f.Count)
		switch f.Class {
		case results.ClassLost, results.ClassAltered, results.ClassFailedKept:
			got[wanted(f.Class, f.Write)] += n
		case results.ClassDuplicated, results.ClassReordered, results.ClassPhantom:
			got[f.Class+" "+f.Write.Key] += n
		}
	}
	return got
}

func difference(want, got map[string]int) string {
	var lines []string
	for what, n := range want {
		if got[what] < n {
			lines = append(lines, fmt.Sprintf("missed: %s ×%d, found %d", what, n, got[what]))
		}
	}
	for what, n := range got {
		if want[what] < n {
			lines = append(lines, fmt.Sprintf("invented: %s ×%d, planted %d", what, n, want[what]))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestPlantedHistoriesNoMissAndNoInvention(t *testing.T) {
	total := map[string]int{}
	for seed := range uint64(1000) {
		p := plant(seed, false)
		a, findings := Judge(p.bundle)
		got := found(findings)
		if d := difference(p.want, got); d != "" {
			t.Errorf("history %d:\n%s", seed, d)
		}
		if r := a.Reads; r != nil && (r.StaleReplica+r.MissingReplica != p.stale || r.StalePrimary+r.MissingPrimary != p.stalePrimary) {
			t.Errorf("history %d: stale reads %+v, planted %d and %d of replicas and primaries", seed, r, p.stale, p.stalePrimary)
		}
		for what, n := range got {
			class, _, _ := strings.Cut(what, " ")
			total[class] += n
		}
		total["stale"] += p.stale
		total["stale-primary"] += p.stalePrimary
		total["unknown kept"] += a.UnknownKept
		total["late"] += a.Late
		total["writes"] += a.Writes
	}
	for _, class := range []string{"lost", "altered", "duplicated", "reordered", "phantom", "stale", "stale-primary", "unknown kept", "late"} {
		if total[class] < 100 {
			t.Errorf("only %d of %s in all histories: the generator plants too few", total[class], class)
		}
	}
	t.Log(total)
}

// TestMaskedHistoriesNoInvention: where writes without an answer hide losses, not
// all can be found; but what is found was planted.
func TestMaskedHistoriesNoInvention(t *testing.T) {
	planted, hits := 0, 0
	for seed := range uint64(1000) {
		p := plant(seed, true)
		_, findings := Judge(p.bundle)
		for what, n := range found(findings) {
			class, _, _ := strings.Cut(what, " ")
			if class == "lost" && n > p.want[what] {
				t.Errorf("history %d: invented %s", seed, what)
			}
			if class == "lost" {
				hits += n
			}
		}
		for what, n := range p.want {
			if strings.HasPrefix(what, "lost") {
				planted += n
			}
		}
	}
	t.Logf("%d of %d masked losses were found", hits, planted)
	if hits < planted/2 {
		t.Errorf("only %d of %d masked losses were found", hits, planted)
	}
}

func TestTheJudgementDoesNotDependOnTheLedgersOrder(t *testing.T) {
	for seed := range uint64(100) {
		p := plant(seed, true)
		a, first := Judge(p.bundle)
		slices.Reverse(p.bundle.Writes)
		slices.Reverse(p.bundle.Reads)
		b, second := Judge(p.bundle)
		if !reflect.DeepEqual(a, b) || !maps.Equal(found(first), found(second)) {
			t.Errorf("history %d is judged otherwise in another order: %+v and %+v", seed, a, b)
		}
	}
}
