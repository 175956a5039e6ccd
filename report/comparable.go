package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// Runs are one side of a comparison: runs that count as repetitions of one
// thing.
type Runs struct {
	Name    string
	used    []*results.Run
	refs    []RunRef
	leftOut []string
	order   []FigureID
	figures map[FigureID]*Figure
	pool    *pool
	// traits are what each used run was made with, by name.
	traits []map[string]string
	// steady is the phase before anything breaks.
	steady     string
	closedLoop bool
}

// NewRuns makes an empty side.
func NewRuns(name string) *Runs {
	return &Runs{Name: name, figures: map[FigureID]*Figure{}, pool: &pool{merged: map[histogramKey]*hdrhistogram.PackedHistogram{}}}
}

// Add analyzes a run anew and adds its figures. A run that was invalid,
// interrupted or without a steady state is left out.
func (r *Runs) Add(b *results.Bundle) error {
	sc, err := scenarioOf(b)
	if err != nil {
		return err
	}
	a := newAnalysis(b, sc)
	s := a.summary()
	if why := slices.Concat(a.invalid(s), a.unsound()); len(why) > 0 {
		r.leftOut = append(r.leftOut, runName(b)+": "+strings.Join(why, "; "))
		return nil
	}
	if len(r.used) == 0 {
		r.steady, r.closedLoop = a.phases[0].name, sc.Workload.Rate.Max
		if len(a.phases) == 1 {
			r.steady = All
		}
	}
	r.used = append(r.used, &b.Run)
	r.refs = append(r.refs, RunRef{runName(b), s.Verdict, b.Run.Seed})
	r.traits = append(r.traits, traits(b))
	for _, f := range Figures(&b.Run, s) {
		if known := r.figures[f.FigureID]; known != nil {
			known.Values = append(known.Values, f.Values...)
			continue
		}
		r.order = append(r.order, f.FigureID)
		r.figures[f.FigureID] = &f
	}
	r.pool.add(a, s)
	return nil
}

// Usable is how many runs have figures that count.
func (r *Runs) Usable() int { return len(r.used) }

func (r *Runs) side() Side { return Side{Name: r.Name, Runs: r.refs, LeftOut: r.leftOut} }

func runName(b *results.Bundle) string {
	if b.Dir != "" {
		return filepath.Base(b.Dir)
	}
	return b.Run.ID
}

func (p *pool) add(a *analysis, s *results.Summary) {
	for k, h := range a.merged() {
		if p.merged[k] == nil {
			p.merged[k] = results.NewHistogram()
		}
		p.merged[k].Merge(h)
	}
	for _, f := range s.Failovers {
		if failedOver(f) {
			p.failovers = append(p.failovers, f)
		}
	}
	length := a.whole.to - a.whole.from
	for len(p.seconds) < length {
		p.seconds = append(p.seconds, pooledSecond{})
	}
	ok := make([]float64, length)
	for _, f := range a.Frames {
		if a.whole.has(f.Seq) {
			for _, c := range f.Commands {
				ok[f.Seq-a.whole.from] += float64(c.OK)
			}
		}
	}
	for i, v := range ok {
		p.seconds[i].ok = append(p.seconds[i].ok, v)
	}
	for _, i := range a.Intervals {
		if i.Time == results.Response && a.whole.has(i.Second) {
			second := &p.seconds[i.Second-a.whole.from]
			if second.response == nil {
				second.response = results.NewHistogram()
			}
			second.response.Merge(i.Histogram)
		}
	}
}

// Difference is something in which two sides, or two runs, are not alike.
type Difference struct {
	What string `json:"what"`
	A    string `json:"a"`
	B    string `json:"b"`
}

func (d Difference) String() string {
	return fmt.Sprintf("%s is %s and %s", d.What, orNone(d.A), orNone(d.B))
}

// traits are what a run's figures depend on: the scenario's fields, versions and
// machine. The seed is what repetitions differ in; what must hold decides no
// figure.
func traits(b *results.Bundle) map[string]string {
	list := map[string]string{}
	var sc map[string]any
	if json.Unmarshal(b.Run.Scenario, &sc) == nil {
		for _, name := range []string{"apiVersion", "kind", "seed", "metadata", "objectives", "repeat"} {
			delete(sc, name)
		}
		flatten("", sc, list)
	}
	r := &b.Run
	for name, v := range map[string]string{
		"versions.slotstorm": r.Versions.Slotstorm, "versions.goRedis": r.Versions.GoRedis, "versions.redis": r.Versions.Redis,
		"machine.cpu": r.Environment.CPUModel, "machine.cpus": strconv.Itoa(r.Environment.CPUs), "machine.arch": r.Environment.OS + "/" + r.Environment.Arch,
		"machine.kernel": r.Environment.Kernel, "machine.isolation": r.Environment.Isolation,
		"machine.memory": fmt.Sprintf("%.0f GiB", float64(r.Environment.MemoryBytes)/(1<<30)),
	} {
		if v != "" {
			list[name] = v
		}
	}
	return list
}

func flatten(path string, v any, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(strings.TrimPrefix(path+"."+k, "."), e, into)
		}
	case []any:
		for i, e := range v {
			flatten(fmt.Sprintf("%s[%d]", path, i), e, into)
		}
	default:
		into[path] = fmt.Sprint(v)
	}
}

func differences(a, b map[string]string) []Difference {
	all := maps.Clone(a)
	maps.Copy(all, b)
	var list []Difference
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a[name] != b[name] {
			list = append(list, Difference{name, a[name], b[name]})
		}
	}
	return list
}

// decisive tells whether a difference between A and B makes their figures
// incomparable: another load, another timeline or another machine. Everything
// else may be what the comparison is about.
func decisive(d Difference) bool {
	if strings.HasPrefix(d.What, "workload.client.") {
		return false
	}
	for _, prefix := range []string{"workload.", "timeline.", "cluster.provider"} {
		if strings.HasPrefix(d.What, prefix) {
			return true
		}
	}
	return machineTrait(d.What)
}

// machineTrait tells the traits that are of the machine, and shape figures.
func machineTrait(name string) bool {
	return strings.HasPrefix(name, "machine.cpu") || name == "machine.arch"
}

// checkComparable refuses what would give figures without a meaning, or with
// force warns of it.
func (c *Comparison) checkComparable(a, b *Runs, o CompareOptions) error {
	var refused []string
	for _, r := range []*Runs{a, b} {
		if len(r.used) == 0 {
			return &NotComparable{[]string{fmt.Sprintf("no run of %s can be used (%s)", r.Name, orNone(strings.Join(r.leftOut, "; ")))}, true}
		}
		for i := 1; i < len(r.traits); i++ {
			if list := differences(r.traits[0], r.traits[i]); len(list) > 0 {
				refused = append(refused, fmt.Sprintf("%s is not one thing measured again: of %s and %s, %s", r.Name, r.refs[0].ID, r.refs[i].ID, several(list)))
				break
			}
		}
	}
	c.Differs = []Difference{}
	var other []Difference
	for _, d := range differences(a.traits[0], b.traits[0]) {
		if decisive(d) {
			other = append(other, d)
		}
		c.Differs = append(c.Differs, d)
	}
	if len(other) > 0 && !o.Declared {
		refused = append(refused, "of A and B, "+several(other))
	}
	c.Warnings = []string{}
	if len(refused) > 0 && !o.Force {
		return &NotComparable{Reasons: refused}
	}
	c.Warnings = append(c.Warnings, refused...)
	if a.used[0].Name != b.used[0].Name {
		c.Warnings = append(c.Warnings, fmt.Sprintf("the scenarios have different names: %s and %s", a.used[0].Name, b.used[0].Name))
	}
	for _, d := range c.Differs {
		if d.What == "versions.slotstorm" {
			c.Warnings = append(c.Warnings, "the instrument itself differs: "+d.String())
		}
	}
	for _, r := range []*Runs{a, b} {
		for _, text := range r.leftOut {
			c.Warnings = append(c.Warnings, "left out of "+r.Name+": "+text)
		}
	}
	if gap := apart(a, b); gap > 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("all runs of one side came before those of the other, %s apart at the median: what drifted meanwhile is in the difference; 'slotstorm run --against' takes turns", gap.Round(time.Second)))
	}
	return nil
}

// several names the first differences of many.
func several(list []Difference) string {
	var words []string
	for i, d := range list {
		if i == 3 {
			words = append(words, fmt.Sprintf("and %d more", len(list)-3))
			break
		}
		words = append(words, d.String())
	}
	return strings.Join(words, ", ")
}

// apart is the time between the middles of two sides that did not take turns;
// 0 if they did, or if there is a single run on each.
func apart(a, b *Runs) time.Duration {
	if len(a.used)+len(b.used) < 4 {
		return 0
	}
	sort := func(r *Runs) []time.Time {
		var list []time.Time
		for _, run := range r.used {
			list = append(list, run.Start)
		}
		slices.SortFunc(list, time.Time.Compare)
		return list
	}
	ta, tb := sort(a), sort(b)
	if ta[len(ta)-1].Before(tb[0]) || tb[len(tb)-1].Before(ta[0]) {
		return tb[len(tb)/2].Sub(ta[len(ta)/2]).Abs()
	}
	return 0
}
