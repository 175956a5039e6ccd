package scenarios

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/metrics"
)

// Texts that look like something else to YAML come back as they were.
func TestTextsSurviveTheRoundTrip(t *testing.T) {
	base, err := Load("testdata/valid-everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune(" \n\t#:-'\"a\\é|>%&*!~1.,[]{}?=<@`yn0x\u00a0\u200d😀\ufffe")
	text := func(length int, lines bool) string {
		var b strings.Builder
		for range random.IntN(length + 1) {
			if c := alphabet[random.IntN(len(alphabet))]; lines || !isControl(c) {
				b.WriteRune(c)
			}
		}
		return b.String()
	}
	for range 1000 {
		s := *base
		s.Metadata.Description = strings.TrimSpace(text(8, true))
		s.Metadata.Labels = map[string]string{text(4, false) + "k": text(5, false)}
		s.Workload.Keys.Prefix = text(5, false)
		s.Redis.Config = map[string]string{"save": text(5, false), "cluster-node-timeout": "1000"}
		out, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("resolved.yaml", out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if !reflect.DeepEqual(&s, again) {
			t.Fatalf("%q\n%q\n%s", s.Metadata, again.Metadata, out)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]string{
		"90s": "1m30s", "10m": "10m", "1h": "1h", "24h": "24h", "1h0m5s": "1h0m5s", "0": "0s", "1500us": "1.5ms",
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.String() != want {
			t.Errorf("%s: %s, want %s (%v)", text, d, want, err)
		}
	}
}

func TestClosest(t *testing.T) {
	fields := []string{"binary", "shards", "replicasPerShard", "config", "storage"}
	for word, want := range map[string]string{
		"shrads": "shards", "shard": "shards", "SHARDS": "shards", "sharsd": "shards", "replicas": "replicasPerShard",
		"cofnig": "config", "colour": "", "": "", "x": "", strings.Repeat("shards", 20): "",
	} {
		if got := closest(word, fields); got != want {
			t.Errorf("closest(%q) = %q, want %q", word, got, want)
		}
	}
	for word, want := range map[string]string{"lostWrites": "writes.lost", "audit.lost": "writes.lost", "latency.p99": "", "writesKept": "writes.kept"} {
		if got := closest(word, []string{"failovers", "response.p99", "writes.kept", "writes.lost"}); got != want {
			t.Errorf("closest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := closest("get", Commands); got != "GET" {
		t.Errorf("get is close to %q", got)
	}
}

func TestMetricBounds(t *testing.T) {
	for _, c := range []struct {
		metric, text string
		want         float64
		wrong        bool
	}{
		{"response.p99", "20ms", 0.02, false},
		{"response.p99", "1m", 60, false},
		{"response.p99", "20", 0, true},
		{"availability", "99.9%", 0.999, false},
		{"availability", "0.999", 0.999, false},
		{"availability", "100%", 1, false},
		{"availability", "99.9", 0, true},
		{"availability", "101%", 0, true},
		{"availability", "%", 0, true},
		{"throughput", "1900", 1900, false},
		{"throughput", "1900.5/s", 1900.5, false},
		{"throughput", "1900/m", 0, true},
		{"throughput", "inf", 0, true},
		{"throughput", "0x10", 0, true},
		{"failovers", "6", 6, false},
		{"failovers", "6.5", 0, true},
		{"failovers", "nan", 0, true},
	} {
		m, ok := metrics.Named(c.metric)
		got, err := boundIn(m.Unit, c.text)
		if !ok || (err != nil) != c.wrong || got-c.want > 1e-12 || c.want-got > 1e-12 {
			t.Errorf("%s %s = %v, %v; want %v", c.metric, c.text, got, err, c.want)
		}
	}
	if _, ok := metrics.Named("speed"); ok {
		t.Error("there is a metric named speed")
	}
}

func TestRateAsJSON(t *testing.T) {
	for text, rate := range map[string]Rate{"2000.5": {PerSecond: 2000.5}, `"max"`: {Max: true}} {
		out, err := json.Marshal(rate)
		if err != nil || string(out) != text {
			t.Errorf("%v is %s, %v", rate, out, err)
		}
		var again Rate
		if err := json.Unmarshal(out, &again); err != nil || again != rate {
			t.Errorf("%s is %v, %v", out, again, err)
		}
	}
}

// Outside of Parse too, a wrong value says how it is written.
func TestValueErrors(t *testing.T) {
	var d Duration
	err := d.UnmarshalText([]byte("soon"))
	if want := `"soon" is not a duration: write a number with a unit, such as 500ms, 10s or 2m`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
