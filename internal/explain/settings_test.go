package explain

import (
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

// TestSettings: every setting is a field that explain knows and a path that --set takes.
// Lists have the items of the scenario.
func TestSettings(t *testing.T) {
	t.Parallel()
	given := map[string]any{"timeline": map[string]any{"faults": []any{nil, nil}}}
	list, err := Settings(given)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, s := range list {
		paths = append(paths, s.Path)
		if _, ok, err := field(s.Path); !ok || err != nil {
			t.Errorf("%s is no field: %v", s.Path, err)
		}
		if scenarios.OverridePath(s.Path+"=1") == nil {
			t.Errorf("--set does not take %s", s.Path)
		}
	}
	for _, want := range []string{"workload.rate", "seed", "timeline.faults[1].kill.target", "timeline.phases[0].name", "objectives[0].metric"} {
		if !slices.Contains(paths, want) {
			t.Errorf("%s is missing in %s", want, strings.Join(paths, " "))
		}
	}
	if slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, "timeline.faults[2]") }) {
		t.Error("a fault that does not exist has settings")
	}
	i := slices.IndexFunc(list, func(s Setting) bool { return s.Path == "cluster.provider" })
	if i < 0 || !slices.Equal(list[i].Values, scenarios.Providers) || list[i].Text == "" {
		t.Errorf("cluster.provider: %+v", list)
	}
}
