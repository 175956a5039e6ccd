package export

import (
	"bytes"
	"encoding/xml"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// TestJUnitNamesEachRun: the cases of several runs are distinct, and a run alone, or a seed,
// changes no name.
func TestJUnitNamesEachRun(t *testing.T) {
	set := func(value string, seed uint64) *results.Bundle {
		b := fixture.Killed()
		b.Run.Seed = seed
		if value != "" {
			b.Run.Matrix = []results.Setting{{Field: "redis.shards", Value: value}}
		}
		return b
	}
	for _, tt := range []struct {
		runs []*results.Bundle
		want []string
	}{
		{[]*results.Bundle{set("", 7)}, []string{""}},
		{[]*results.Bundle{set("", 7), set("", 8)}, []string{", run 1", ", run 2"}},
		{[]*results.Bundle{set("3", 7), set("5", 8)}, []string{", redis.shards=3", ", redis.shards=5"}},
		{[]*results.Bundle{set("3", 7), set("3", 8), set("5", 7)}, []string{", redis.shards=3, run 1", ", redis.shards=3, run 2", ", redis.shards=5"}},
	} {
		var out bytes.Buffer
		if err := JUnit(&out, judged(t, tt.runs...)); err != nil {
			t.Fatal(err)
		}
		var got junitSuites
		if err := xml.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		seen := map[[2]string]bool{}
		for i, s := range got.Suites {
			if want := "slotstorm kill-primary" + tt.want[i]; s.Name != want {
				t.Errorf("suite %q, want %q", s.Name, want)
			}
			for _, c := range s.Cases {
				if pair := [2]string{c.Class, c.Name}; c.Class != "slotstorm.kill-primary"+tt.want[i] || seen[pair] {
					t.Errorf("case %q", pair)
				}
				seen[[2]string{c.Class, c.Name}] = true
			}
		}
	}
}
