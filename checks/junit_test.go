package checks

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"
)

// TestJUnitIsReadByOthers reads it as CI servers' libraries do.
func TestJUnitIsReadByOthers(t *testing.T) {
	text := golden(t, "runs.xml")
	suites, err := junit.Ingest(text)
	if err != nil || len(suites) != 3 {
		t.Fatalf("%v, %d suites in\n%s", err, len(suites), text)
	}
	var counted struct {
		Suites []struct {
			Cases []struct{} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &counted); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ failed, errored bool }{{false, false}, {true, false}, {true, true}} {
		s := suites[i]
		if s.Totals.Tests < 2 || s.Totals.Tests != len(counted.Suites[i].Cases) || s.Totals.Failed > 0 != want.failed || s.Totals.Error > 0 != want.errored {
			t.Errorf("run %d: %+v", i, s.Totals)
		}
		if s.Properties["command"] == "" || s.Tests[0].Name != "verdict" {
			t.Errorf("run %d: %v, %+v", i, s.Properties, s.Tests[0])
		}
	}
	if message := suites[1].Tests[len(suites[1].Tests)-1].Error; message == nil || !strings.Contains(message.Error(), "measured 50") {
		t.Errorf("the missed objective says %v", message)
	}
}

// TestJUnitCasesAreDistinct: GitLab knows a case by its class and name, and drops those that
// occur again.
func TestJUnitCasesAreDistinct(t *testing.T) {
	suites, err := junit.Ingest(golden(t, "runs.xml"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]string]bool{}
	for _, s := range suites {
		for _, c := range s.Tests {
			pair := [2]string{c.Classname, c.Name}
			if seen[pair] {
				t.Errorf("two cases are %q", pair)
			}
			seen[pair] = true
		}
	}
}
