package deployer

import (
	"maps"
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

// A directive that a version hides from CONFIG GET * is one that it has.
func TestSurveyFindsHiddenDirectives(t *testing.T) {
	addr, _ := redistest.Start(t)
	c, n := &Cluster{}, Node{Name: "a", Addr: addr}
	const hidden, gone = "key-load-delay", "no-such-directive"
	first, err := c.Survey(t.Context(), n, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, listed := first.Config[hidden]; listed || first.Config["maxmemory"] != "0" {
		t.Fatalf("CONFIG GET * lists %s, or has no maxmemory", hidden)
	}
	before := &results.Surface{Config: maps.Clone(first.Config)}
	before.Config[hidden], before.Config[gone], before.Config["requirepass"] = "0", "1", ""
	after, err := c.Survey(t.Context(), n, before)
	if err != nil {
		t.Fatal(err)
	}
	var more []string
	for name := range after.Config {
		if _, listed := first.Config[name]; !listed {
			more = append(more, name)
		}
	}
	if !slices.Equal(more, []string{hidden}) {
		t.Errorf("the second survey adds %v", more)
	}
}
