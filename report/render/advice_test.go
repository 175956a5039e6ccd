package render

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// TestAnchorsAreInThePage: what a finding points at is there.
func TestAnchorsAreInThePage(t *testing.T) {
	b := fixture.Lose(fixture.ClusterDown(fixture.Reloading("1m0s", 59000, "dial")), results.CauseAsyncTail, 3)
	s := summary(t, b)
	if len(s.Findings) < 3 {
		t.Fatalf("only %d findings", len(s.Findings))
	}
	var page strings.Builder
	if err := htmlOf(&page, b, s); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Findings {
		if !strings.Contains(page.String(), `id="`+f.Anchor+`"`) || !strings.Contains(page.String(), `href="#`+f.Anchor+`"`) {
			t.Errorf("%s: anchor %s is not in the page", f.Rule, f.Anchor)
		}
	}
}
