package web

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The dashboard asks for metrics that there are, and its panels do not overlap.
func TestTheDashboardFitsTheMetrics(t *testing.T) {
	raw, err := os.ReadFile("../../examples/grafana/slotstorm.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID, Title    string
		SchemaVersion int
		Annotations   struct {
			List []struct{ Expr string }
		}
		Panels []struct {
			ID      int
			Type    string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	if board.UID == "" || board.Title == "" || board.SchemaVersion < 36 || len(board.Panels) == 0 || len(board.Annotations.List) != 1 {
		t.Fatalf("%+v", board)
	}
	var exprs []string
	taken, ids := map[[2]int]int{}, map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Type == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d: its id is taken, or it shows nothing", p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, ok := taken[[2]int{x, y}]; ok || x >= 24 {
					t.Fatalf("panel %d is over panel %d or beyond the 24 columns", p.ID, other)
				}
				taken[[2]int{x, y}] = p.ID
			}
		}
		for _, q := range p.Targets {
			exprs = append(exprs, q.Expr)
		}
	}
	exprs = append(exprs, board.Annotations.List[0].Expr)
	known := func(name string) bool {
		return slices.ContainsFunc(Metrics(), func(m Metric) bool { return m.Name == strings.TrimSuffix(name, "_bucket") })
	}
	for _, e := range exprs {
		names := regexp.MustCompile(`slotstorm_\w+`).FindAllString(e, -1)
		if len(names) == 0 {
			t.Errorf("%q asks for nothing of slotstorm", e)
		}
		for _, name := range names {
			if !known(name) {
				t.Errorf("%q asks for %s, and there is no such metric", e, name)
			}
		}
	}
}
