package sections

import (
	"math"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// room is an objective's margin in words.
func room(o results.Objective) string {
	if o.Margin == nil {
		return words.None
	}
	m := *o.Margin * 100
	share := words.Count(int64(math.Round(math.Abs(m)))) + " %"
	if math.Abs(m) < 0.95 {
		share = words.ShareText(math.Abs(*o.Margin))
	}
	switch {
	case o.Result != results.Pass && o.Result != results.Fail:
		return words.None
	case m == 0:
		return "exactly at the limit"
	}
	return share + " " + side(o)
}

// side is on which side of its bound an objective was measured.
func side(o results.Objective) string {
	passed := o.Result == results.Pass
	low, high := o.Min != nil, o.Max != nil
	switch {
	case low && high && passed:
		return "inside the limits"
	case low && high:
		return "outside the limits"
	case low && passed:
		return "above the minimum"
	case low:
		return "below the minimum"
	case passed:
		return "below the maximum"
	}
	return "above the maximum"
}

func objectivesTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Objectives", Head: []doc.Column{
		{Title: "result"}, {Title: "objective"}, {Title: "measured", Number: true, Key: true}, {Title: "margin", Number: true},
		{Title: "source", Long: true, Faint: true, In: doc.Written},
	}}
	for _, o := range s.Objectives {
		t.Results = append(t.Results, string(o.Result))
		t.Rows = append(t.Rows, []string{marks[o.Result] + " " + string(o.Result), o.Name, o.Shown, room(o), o.Evidence})
	}
	return t
}

// objectives are the promises and whether they held.
func objectives(_ *results.Bundle, s *results.Summary) doc.Section {
	return doc.Section{ID: "objectives", Title: "Objectives", Blocks: []doc.Block{objectivesTable(s)}}
}
