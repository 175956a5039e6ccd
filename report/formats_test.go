package report

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/slotstorm/slotstorm/results"
)

func judged(t *testing.T, bundles ...*results.Bundle) []Judged {
	t.Helper()
	var list []Judged
	for _, b := range bundles {
		list = append(list, Judged{&b.Run, summary(t, b)})
	}
	return list
}

// TestJUnitIsReadByOthers reads it as CI servers' libraries do.
func TestJUnitIsReadByOthers(t *testing.T) {
	bad := killed()
	bad.Run.Audit.Lost = 50
	list := judged(t, killed(), bad, interrupted())
	var out bytes.Buffer
	if err := JUnitRuns(&out, list); err != nil {
		t.Fatal(err)
	}
	suites, err := junit.Ingest(out.Bytes())
	if err != nil || len(suites) != 3 {
		t.Fatalf("%v, %d suites in\n%s", err, len(suites), out.String())
	}
	for i, want := range []struct{ failed, errored bool }{{false, false}, {true, false}, {true, true}} {
		s := suites[i]
		if s.Totals.Tests != 1+len(list[i].Summary.Objectives) || s.Totals.Failed > 0 != want.failed || s.Totals.Error > 0 != want.errored {
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

// TestOpenMetricsIsReadByPrometheus parses it with Prometheus' own parser.
func TestOpenMetricsIsReadByPrometheus(t *testing.T) {
	b := repeated()
	b.Run.ID = "another"
	b.Run.Name = `quo"te\and` + "\nline"
	list := judged(t, killed(), b)
	var out bytes.Buffer
	if err := OpenMetrics(&out, list); err != nil {
		t.Fatal(err)
	}
	p := textparse.NewOpenMetricsParser(out.Bytes(), labels.NewSymbolTable())
	values := map[string]float64{}
	types := map[string]string{}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		switch entry {
		case textparse.EntryType:
			name, kind := p.Type()
			types[string(name)] = string(kind)
		case textparse.EntrySeries:
			var l labels.Labels
			p.Labels(&l)
			_, _, v := p.Series()
			if _, ok := values[l.String()]; ok {
				t.Errorf("two samples of %s", l)
			}
			values[l.String()] = v
		}
	}
	if types["slotstorm_verdict"] != "stateset" || types["slotstorm_run"] != "info" {
		t.Errorf("types: %v", types)
	}
	seen := 0
	for name, v := range values {
		if strings.Contains(name, `slotstorm_verdict="pass"`) && strings.Contains(name, list[0].Run.ID) && v == 1 {
			seen++
		}
		if strings.HasPrefix(name, `{__name__="slotstorm_failover_seconds", number="1", part="server", run="`+list[0].Run.ID) && v == 3.004 {
			seen++
		}
	}
	if seen != 2 {
		t.Errorf("%d of 2 samples are there:\n%s", seen, out.String())
	}
}

func TestShortGolden(t *testing.T) {
	var out bytes.Buffer
	if err := Short(&out, judged(t, killed(), interrupted())); err != nil {
		t.Fatal(err)
	}
	golden(t, "short.md", out.Bytes())
}
