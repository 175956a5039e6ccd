package checks

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// samples parses text with Prometheus' own parser: the values by labels, and the types
// by name. No sample may occur twice.
func samples(t *testing.T, text []byte) (values map[string]float64, types map[string]string) {
	t.Helper()
	values, types = map[string]float64{}, map[string]string{}
	p := textparse.NewOpenMetricsParser(text, labels.NewSymbolTable())
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return values, types
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
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
}

// TestOpenMetricsIsReadByPrometheus finds the values of two runs.
func TestOpenMetricsIsReadByPrometheus(t *testing.T) {
	text := golden(t, "runs.om")
	values, types := samples(t, text)
	if types["slotstorm_verdict"] != "gauge" || types["slotstorm_run_info"] != "gauge" {
		t.Errorf("types: %v", types)
	}
	verdict, failover := 0, 0
	for name, v := range values {
		if strings.Contains(name, `slotstorm_verdict="pass"`) && v == 1 {
			verdict++
		}
		if strings.HasPrefix(name, `{__name__="slotstorm_failover_seconds", number="1", part="server"`) && v == 3.004 {
			failover++
		}
	}
	if verdict == 0 || failover == 0 {
		t.Errorf("%d passed runs and %d failovers of 3.004 s in\n%s", verdict, failover, text)
	}
}

// TestOpenMetricsIsReadAsText: the textfile collector of node_exporter and the Pushgateway
// read the older text format, which knows neither info nor state sets. They find the same
// samples.
func TestOpenMetricsIsReadAsText(t *testing.T) {
	for _, name := range []string{"runs.om", "hostile.om"} {
		text := golden(t, name)
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found := 0
		for _, f := range families {
			found += len(f.GetMetric())
			for _, m := range f.GetMetric() {
				if m.Gauge == nil || m.TimestampMs != nil {
					t.Errorf("%s: %s is %v", name, f.GetName(), m)
				}
			}
		}
		if values, _ := samples(t, text); found != len(values) {
			t.Errorf("%s: %d samples as text, %d as OpenMetrics", name, found, len(values))
		}
	}
}

// TestOpenMetricsOfHostileRunsIsRead: labels cannot end early and begin a sample of
// their own, and a run that occurs twice does not spoil the rest.
func TestOpenMetricsOfHostileRunsIsRead(t *testing.T) {
	values, _ := samples(t, golden(t, "hostile.om"))
	for name := range values {
		if strings.Contains(name, `, run="forged"`) || strings.HasPrefix(name, `{run="forged"`) {
			t.Errorf("%s is forged", name)
		}
	}
	if len(values) < 20 {
		t.Errorf("%d samples", len(values))
	}
}
