package render

import (
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

func summary(t *testing.T, b *results.Bundle) *results.Summary {
	t.Helper()
	s, err := judge.Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// poisoned is b with its summary, with evil in every text of both.
func poisoned(t *testing.T, b *results.Bundle) (*results.Bundle, *results.Summary) {
	t.Helper()
	return fixture.Poisoned(t, b, summary(t, b))
}

func judged(t *testing.T, bundles ...*results.Bundle) []judge.Judged {
	t.Helper()
	var list []judge.Judged
	for _, b := range bundles {
		list = append(list, judge.Judged{Run: &b.Run, Summary: summary(t, b)})
	}
	return list
}
