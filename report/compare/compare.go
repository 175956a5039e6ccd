// Package compare lays runs side by side: A against B, a scenario over time, and the
// steps of a search for capacity. It gives figures and answers; package render shows
// them.
package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/statistics"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Answer is what a comparison says of a figure, or of all.
type Answer string

// The answers.
const (
	// Worse and Better: a difference was shown, and it matters in practice.
	Worse  Answer = "worse"
	Better Answer = "better"
	// Changed: the same of a figure of which neither way is better.
	Changed Answer = "changed"
	// Same: no difference was shown, or one too small to matter; and one that
	// matters would have been found.
	Same Answer = "same"
	// Noisy: no difference was shown, but one that matters could hide in the noise.
	Noisy Answer = "too noisy"
	// Few: no values of so few runs could have shown a difference.
	Few Answer = "too few runs"
	// Open: values whose end was not seen, or that only one side has, leave the answer open.
	Open Answer = "open"
)

// ComparisonSchemaVersion is the version of Comparison's JSON.
const ComparisonSchemaVersion = 1

// Comparison is the answer to: how does B stand to A?
type Comparison struct {
	SchemaVersion int `json:"schemaVersion"`
	// Answer is worse if any judged figure is; else open if any is; else better if any
	// is; else changed if any is; else too few runs if that holds for any; else too noisy
	// if any is; else same.
	Answer Answer `json:"answer"`
	// Reasons name the figures that decided.
	Reasons []string `json:"reasons"`
	A       Side     `json:"a"`
	B       Side     `json:"b"`
	// Differs lists in what the two sides differ: the subject of the comparison.
	Differs  []facts.Difference `json:"differs"`
	Warnings []string           `json:"warnings"`
	Figures  []FigureDelta      `json:"figures"`
	// OneSided are figures that decide by default, and that only one side has.
	OneSided []OneSided `json:"oneSided,omitempty"`

	Pools [2]*Pool `json:"-"`
}

// FigureDelta is one figure's comparison. Values are in the figure's unit: seconds,
// per second, ratio or count; each is of one run, or of one failover.
type FigureDelta struct {
	FigureID
	Unit   results.Unit      `json:"unit"`
	Better metrics.Direction `json:"better"`
	// Judged figures decide the answer.
	Judged bool   `json:"judged"`
	Answer Answer `json:"answer"`
	statistics.Comparison
	// Adjusted is P, corrected for the figures beside it: by Holm among judged
	// ones, by Benjamini and Hochberg among the others.
	Adjusted float64 `json:"adjusted"`
	// Level is what P has to be below, so that Adjusted is below 0.05; Needs is how many
	// values on each side can show a difference at that level.
	Level float64 `json:"level"`
	Needs int     `json:"needs"`
	// Relative is Shift as a share of A's median; nil beside 0.
	Relative *float64 `json:"relative"`
	// Threshold is the smallest shift that matters.
	Threshold float64 `json:"threshold"`
	// PooledA and PooledB are percentiles of the histograms of all runs, merged;
	// nil for what is no percentile.
	PooledA *float64 `json:"pooledA,omitempty"`
	PooledB *float64 `json:"pooledB,omitempty"`
	// ValuesA and ValuesB are what was compared.
	ValuesA []float64 `json:"valuesA"`
	ValuesB []float64 `json:"valuesB"`
	// AtLeastA and AtLeastB are how many of them may be higher, because their end was not
	// seen.
	AtLeastA int `json:"atLeastA,omitempty"`
	AtLeastB int `json:"atLeastB,omitempty"`
}

// Compare lays two sets of runs side by side. Runs whose figures do not count are left
// out; it fails with NotComparable if a side has none left, or if the runs
// differ in what decides their figures, and with Unmeasured if not both sides have the
// figures that shall decide.
func Compare(a, b *Runs, o Options) (*Comparison, error) {
	c := &Comparison{SchemaVersion: ComparisonSchemaVersion, A: a.side(), B: b.side(), Pools: [2]*Pool{a.pool, b.pool}}
	var err error
	if c.Differs, c.Warnings, err = checkSides(a, b, o); err != nil {
		return nil, err
	}
	if err := onBothSides(a, b, o.Judged); err != nil {
		return nil, err
	}
	c.Figures = deltas(a, b, o)
	if len(o.Judged) == 0 {
		c.OneSided = append(onlyIn("A", a, b), onlyIn("B", b, a)...)
	}
	if err := c.judge(); err != nil {
		return nil, err
	}
	return c, nil
}

// deltas compares every figure that both sides have.
func deltas(a, b *Runs, o Options) []FigureDelta {
	var list []FigureDelta
	for _, id := range a.order {
		fa, fb := a.figures[id], b.figures[id]
		if fb == nil {
			continue
		}
		d := FigureDelta{
			FigureID: id, Unit: fa.Unit, Better: fa.Better, Comparison: statistics.Compare(fa.Values, fb.Values),
			PooledA: a.pool.percentile(id), PooledB: b.pool.percentile(id), ValuesA: fa.Values, ValuesB: fb.Values,
			AtLeastA: fa.AtLeast, AtLeastB: fb.AtLeast,
		}
		if len(o.Judged) > 0 {
			d.Judged = slices.Contains(o.Judged, id)
		} else {
			d.Judged = id.decides(a.steady, a.closedLoop)
		}
		d.Threshold = o.matters(id, fa.Unit).Of(d.A.Median)
		if d.A.Median != 0 {
			r := d.Shift / math.Abs(d.A.Median)
			d.Relative = &r
		}
		list = append(list, d)
	}
	adjust(list, true, statistics.Holm, statistics.HolmLevel)
	adjust(list, false, statistics.BenjaminiHochberg, statistics.BenjaminiHochbergLevel)
	for i := range list {
		list[i].Answer = list[i].answer()
	}
	return list
}

// adjust corrects the p values of one kind of figures together. Figures without
// any spread are no test, and weaken none.
func adjust(list []FigureDelta, judged bool, correct func([]float64) []float64, level func([]float64, int) float64) {
	var places []int
	var p []float64
	for i, d := range list {
		if d.Judged != judged {
			continue
		}
		list[i].judgeAt(d.P, statistics.Alpha)
		if !d.Constant() {
			places, p = append(places, i), append(p, d.P)
		}
	}
	for i, v := range correct(p) {
		list[places[i]].judgeAt(v, level(p, i))
	}
}

// judgeAt sets what the figures beside this one leave it.
func (d *FigureDelta) judgeAt(adjusted, level float64) {
	d.Adjusted, d.Level, d.Needs = adjusted, level, statistics.Needed(level)
	d.At(level)
}

// Constant reports whether all values of both sides are the same.
func (d *FigureDelta) Constant() bool {
	first := d.ValuesA[0]
	other := func(v float64) bool { return v != first }
	return !slices.ContainsFunc(d.ValuesA, other) && !slices.ContainsFunc(d.ValuesB, other)
}

func (d *FigureDelta) answer() Answer {
	matters := math.Abs(d.Shift) >= d.Threshold && d.Shift != 0
	switch {
	case d.open(matters):
		return Open
	case d.Adjusted < statistics.Alpha && matters && d.Better == metrics.Neither:
		return Changed
	case d.Adjusted < statistics.Alpha && matters && (d.Shift > 0) == (d.Better == metrics.Higher):
		return Better
	case d.Adjusted < statistics.Alpha && matters:
		return Worse
	case d.Adjusted < statistics.Alpha:
		return Same
	case d.Detectable != nil && *d.Detectable <= d.Threshold && !d.Constant():
		return Same
	case d.Least >= d.Level:
		return Few
	case d.Constant():
		return Same
	}
	return Noisy
}

// open reports whether values that may be higher than they look leave it open what the
// figure shows: unless they stand on the side that is higher anyway.
func (d *FigureDelta) open(matters bool) bool {
	switch {
	case d.AtLeastA == 0 && d.AtLeastB == 0:
		return false
	case !matters || d.Better == metrics.Neither:
		return true
	case d.Shift > 0:
		return d.AtLeastA > 0
	}
	return d.AtLeastB > 0
}

// unended counts the values whose end was not seen.
func (d *FigureDelta) unended() string {
	var parts []string
	for _, side := range []struct {
		name string
		n    int
		of   []float64
	}{{"A", d.AtLeastA, d.ValuesA}, {"B", d.AtLeastB, d.ValuesB}} {
		if side.n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %s in %s", side.n, words.Plural(len(side.of), "value", "values"), side.name))
		}
	}
	return strings.Join(parts, " and ") + " may be higher than measured, because the end was not seen"
}

// judge draws the answer from the judged figures.
func (c *Comparison) judge() error {
	by := map[Answer][]string{}
	judged := 0
	for _, d := range c.Figures {
		if !d.Judged {
			continue
		}
		judged++
		what := d.String()
		switch d.Answer {
		case Open:
			what += ": " + d.unended()
		case Noisy, Few:
			what += ": " + d.noise()
		case Same:
		default:
			what += ": " + d.Change() + " (" + d.Span() + ")"
		}
		by[d.Answer] = append(by[d.Answer], what)
	}
	if judged == 0 && len(c.OneSided) == 0 {
		return &Unmeasured{}
	}
	for _, f := range c.OneSided {
		by[Open] = append(by[Open], f.String())
	}
	order := []Answer{Worse, Open, Better, Changed, Few, Noisy}
	c.Answer = Same
	for _, a := range order {
		if len(by[a]) > 0 {
			c.Answer = a
			break
		}
	}
	c.Reasons = []string{}
	for _, a := range order {
		for _, what := range by[a] {
			c.Reasons = append(c.Reasons, string(a)+": "+what)
		}
	}
	return nil
}

// Blind reports whether a judged figure had too few values to show anything, or none whose
// end was seen, so that the answer is none for it, whatever the other figures show.
func (c *Comparison) Blind() bool {
	return len(c.OneSided) > 0 || slices.ContainsFunc(c.Figures, func(d FigureDelta) bool { return d.Judged && (d.Answer == Few || d.Answer == Open) })
}

// LeastRuns is how many runs of each side can show a difference, if so many figures are
// judged that have one value for each run.
func LeastRuns(figures int) int {
	return statistics.Needed(statistics.Alpha / float64(max(1, figures)))
}

// DefaultFigures is how many figures of a scenario's runs decide by default, if each of them
// varies.
func DefaultFigures(s *scenarios.Scenario) int {
	n := 0
	for _, m := range metrics.All() {
		if m.Decides.In(results.All, results.All, results.All, s.Workload.Rate.Max) && s.CanMeasure(m.Needs) {
			n++
		}
	}
	return n
}

// Regressed reports whether a judged figure is worse, or changed.
func (c *Comparison) Regressed() bool { return c.Answer == Worse || c.Answer == Changed }

// few says why the values cannot show a difference, and how many can.
func (d *FigureDelta) few() string {
	text := fmt.Sprintf("%d against %d %s cannot show a difference", d.A.N, d.B.N, words.Verb(max(d.A.N, d.B.N), "value", "values"))
	if d.Level < statistics.Alpha {
		text += fmt.Sprintf(" beside the other figures (the least possible p is %.3f, and it has to be below %.3f)", d.Least, d.Level)
	}
	if min(d.A.N, d.B.N) >= d.Needs {
		return text + ", because too many of them are equal"
	}
	return text + fmt.Sprintf("; %d on each side can", d.Needs)
}

// noise is the difference that could hide.
func (d *FigureDelta) noise() string {
	if d.Answer == Few {
		return d.few()
	}
	if d.Detectable == nil {
		return fmt.Sprintf("%d against %d %s cannot show a difference", d.A.N, d.B.N, words.Verb(max(d.A.N, d.B.N), "value", "values"))
	}
	return fmt.Sprintf("differences below %s can hide, and %s matters", d.Amount(*d.Detectable), d.Amount(d.Threshold))
}

// Amount is a size of a difference: as a share where there is one.
func (d *FigureDelta) Amount(v float64) string {
	if d.A.Median == 0 || d.Unit == results.UnitRatio || d.Unit == results.UnitCount {
		return plainAmount(d.Unit, v)
	}
	return words.ShareText(v / math.Abs(d.A.Median))
}

// Change is the shift with its sign.
func (d *FigureDelta) Change() string {
	sign := "+"
	if d.Shift < 0 {
		sign = "−"
	}
	return sign + d.Amount(math.Abs(d.Shift))
}

// Span is where the shift lies at 95 % confidence.
func (d *FigureDelta) Span() string {
	switch {
	case d.Low == nil:
		return "no interval"
	case *d.Low == 0 && *d.High == 0:
		return words.None
	}
	signed := func(v float64) string {
		if v < 0 {
			return "−" + d.Amount(-v)
		}
		return "+" + d.Amount(v)
	}
	return signed(*d.Low) + " to " + signed(*d.High)
}

// plainAmount is a difference in the unit itself.
func plainAmount(u results.Unit, v float64) string {
	switch u {
	case results.UnitRatio:
		return words.Decimal(100*v) + " points"
	case results.UnitCount:
		if v >= 100 {
			return words.Count(int64(math.Round(v)))
		}
		return words.Decimal(v)
	}
	return words.Quantity(u, v)
}

// Headline is the answer in a sentence.
func (c *Comparison) Headline() string {
	switch c.Answer {
	case Worse:
		return "B is worse than A"
	case Better:
		return "B is better than A"
	case Changed:
		return "B differs from A"
	case Same:
		return "no difference that matters"
	case Open:
		return "the comparison is open: not everything was measured to its end on both sides"
	}
	if c.Answer == Few {
		return "too few runs to show a difference"
	}
	return "too noisy to show a difference"
}

// Advice is what to do about an answer that is none.
func (c *Comparison) Advice() string {
	few := slices.ContainsFunc(c.Figures, func(d FigureDelta) bool { return d.Judged && d.Answer == Few })
	switch {
	case c.Answer == Open:
		return "lengthen the phase after the fault until each failover ends, or judge other figures with --metric"
	case few:
		return "run more repetitions of each side, as many as the reasons name; --metric selects fewer figures, which need fewer"
	case c.Answer != Noisy:
		return ""
	}
	return "more runs, longer ones or a quieter machine narrow it; --threshold says what matters to you, --metric what is judged"
}
