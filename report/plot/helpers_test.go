package plot

import (
	"testing"

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
