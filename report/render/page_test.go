package render

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// TestPageStandsAlone looks for anything that a browser would fetch or run, and
// for colours of the plots that a dark page could not change.
func TestPageStandsAlone(t *testing.T) {
	for name, b := range map[string]*results.Bundle{"killed": fixture.Killed(), "repeated": fixture.Repeated(), "quiet": fixture.Quiet(), "interrupted": fixture.Interrupted(), "lossy": fixture.Lossy()} {
		var out bytes.Buffer
		if err := htmlOf(&out, b, summary(t, b)); err != nil {
			t.Fatal(err)
		}
		page := out.String()
		for _, bad := range []string{"<script", "<link", "<img", "src=", "@import", "url(", "http:", "https:", "ZgotmplZ", "NaN", "Inf"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page contains %q", name, bad)
			}
		}
		svgs := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
		if len(svgs) < 3 {
			t.Errorf("%s: %d plots", name, len(svgs))
		}
		for _, svg := range svgs {
			if fixed := regexp.MustCompile(`#[0-9A-Fa-f]{6}`).FindString(svg); fixed != "" {
				t.Errorf("%s: a plot has the fixed colour %s", name, fixed)
			}
			if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
				t.Errorf("%s: a plot is not well-formed: %v", name, err)
			}
		}
	}
}

// TestPageEscapes puts markup where users write text.
func TestPageEscapes(t *testing.T) {
	const evil = `<b onclick="x">&`
	b := fixture.Killed()
	b.Run.Name, b.Run.Faults[0].Name, b.Run.Faults[0].Reason, b.Run.Command = evil, evil, evil, evil
	b.Run.Phases[0].Name, b.Run.Interrupted = evil, evil
	var out bytes.Buffer
	if err := htmlOf(&out, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "<b onclick") {
		t.Error("markup reached the page")
	}
	out.Reset()
	if err := junit(&out, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(out.Bytes(), new(struct{})); err != nil {
		t.Errorf("JUnit XML is not well-formed: %v", err)
	}
	out.Reset()
	if err := markdownOf(&out, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	if before, _, _ := strings.Cut(out.String(), "```"); strings.Contains(before, "<b") {
		t.Error("markup reached the Markdown")
	}
}
