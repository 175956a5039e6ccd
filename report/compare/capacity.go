package compare

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// HoldPhase is the phase of a capacity step that is judged.
const HoldPhase = "hold"

// CapacitySchemaVersion is the version of Capacity's JSON.
const CapacitySchemaVersion = 1

// CapacityOutcome is what came of a step.
type CapacityOutcome string

// The outcomes of a step.
const (
	Meets      CapacityOutcome = "meets"
	Misses     CapacityOutcome = "misses"
	Saturated  CapacityOutcome = "generator saturated"
	Unanswered CapacityOutcome = "no answer"
)

// CapacityStep is one rate that was held.
type CapacityStep struct {
	// Rate is what was due per second.
	Rate    float64         `json:"rate"`
	Outcome CapacityOutcome `json:"outcome"`
	Why     string          `json:"why,omitempty"`
	Run     string          `json:"run"`
	// P50, P90 and P99 of response time, in milliseconds, OK the share answered ok.
	P50 results.Duration `json:"p50Ms"`
	P90 results.Duration `json:"p90Ms"`
	P99 results.Duration `json:"p99Ms"`
	OK  float64          `json:"ok"`
	// Cores is the processor time of the busiest node by second of the load, and
	// AllCores that of all nodes.
	Cores    float64 `json:"cores"`
	AllCores float64 `json:"allCores"`
}

// CapacityAnswer is the end of a search.
type CapacityAnswer struct {
	Shards int `json:"shards"`
	// OneDown: measured while the primary of one shard was away.
	OneDown bool `json:"oneDown"`
	// Rate is the highest that met the objectives, in requests per second;
	// Confirmed: it did so twice. Misses is the lowest that did not, 0
	// if none was found.
	Rate      float64 `json:"rate"`
	Confirmed bool    `json:"confirmed"`
	Misses    float64 `json:"misses"`
	// Limit is what ended the search.
	Limit string         `json:"limit"`
	Steps []CapacityStep `json:"steps"`
}

// Capacity is the answer to: how much does this cluster carry?
type Capacity struct {
	SchemaVersion int      `json:"schemaVersion"`
	Scenario      string   `json:"scenario"`
	Objectives    []string `json:"objectives"`
	Hold          string   `json:"hold"`
	// Environment and Server are where and what was measured.
	Environment results.Environment `json:"environment"`
	Server      results.Server      `json:"server"`
	Answers     []CapacityAnswer    `json:"answers"`
	Sizes       []Size              `json:"sizes"`
}

// Size is how large a cluster a rate needs.
type Size struct {
	Rate float64 `json:"rate"`
	// OneDown: with the primary of one shard down.
	OneDown bool `json:"oneDown"`
	// Shards of Cores cores each; 0 if nothing that carries load was measured.
	Shards int `json:"shards"`
	Cores  int `json:"cores"`
	// AtMost: no rate was found that is too high, so that fewer shards may do.
	AtMost bool `json:"atMost"`
	// PerShard is the measured rate by shard that this rests on; Basis is its words.
	PerShard float64 `json:"perShard"`
	Basis    string  `json:"basis"`
}

// JudgeStep judges a run as a step of a search: only by the objectives of its
// hold phase, for that it had no steady state before a fault is its nature.
func JudgeStep(b *results.Bundle, rate float64) (CapacityStep, error) {
	sc, err := facts.ScenarioOf(b)
	if err != nil {
		return CapacityStep{}, err
	}
	s := judge.Summary(facts.New(b, sc))
	step := CapacityStep{Rate: rate, Outcome: Meets, Run: facts.RunName(b)}
	if l := s.LoadOf(HoldPhase, results.All); l != nil {
		step.OK = l.Counts.Share()
	}
	if l := s.LatencyOf(HoldPhase, results.All, results.Response); l != nil {
		step.P50, step.P90, step.P99 = l.P50, l.P90, l.P99
	}
	step.Cores, step.AllCores = nodeCores(b)
	var open []string
	for _, o := range s.Objectives {
		switch o.Result {
		case results.Fail:
			step.Outcome = Misses
			step.Why = words.Sentence("; ", step.Why, o.Name+", measured "+o.Shown)
		case results.Inconclusive:
			open = append(open, o.Name+": "+o.Evidence)
		}
	}
	nothing := func(why string) { step.Outcome, step.Why = Unanswered, why }
	switch limit := judge.LimitReason(s.Generator); {
	case b.Run.Interrupted != "":
		nothing("interrupted: " + b.Run.Interrupted)
	case !b.Run.HealthyBefore:
		nothing("the cluster was not healthy when the load began")
	case limit != "":
		step.Outcome, step.Why = Saturated, limit
	case len(sc.Timeline.Faults) > 0 && !oneWasDown(&b.Run):
		// A miss does not count either: a failover that ended late, or a primary that came
		// back, falls into the hold and has its cost there, whatever the rate.
		nothing("the primary was not away while the rate was held")
	case step.OK == 0 && step.Outcome == Meets:
		nothing("no request was answered")
	case len(open) > 0 && step.Outcome == Meets:
		nothing("an objective was not measured: " + strings.Join(open, "; "))
	}
	return step, nil
}

// NoAnswer says why a search ended at a rate whose runs gave no answer: that of the last steps
// without one. Only a generator that was the limit itself leaves room for more.
func NoAnswer(steps []CapacityStep) string {
	var reasons []string
	rate, saturated := 0.0, true
	for _, s := range slices.Backward(steps) {
		if s.Outcome == Meets || s.Outcome == Misses || rate != 0 && s.Rate != rate {
			continue
		}
		rate, saturated = s.Rate, saturated && s.Outcome == Saturated
		if !slices.Contains(reasons, s.Why) {
			reasons = append(reasons, s.Why)
		}
	}
	if saturated {
		return "the load generator: the cluster may carry more"
	}
	return words.Sentence(": ", "runs that gave no answer", words.Sentence("; ", reasons...))
}

// oneWasDown reports whether the killed node was away during the whole hold phase,
// and its shard had failed over before it.
func oneWasDown(r *results.Run) bool {
	if len(r.Faults) == 0 || len(r.Phases) == 0 {
		return false
	}
	f, hold := r.Faults[0], r.Phases[len(r.Phases)-1]
	taken := slices.ContainsFunc(r.ProbeOutages, func(o results.Outage) bool {
		return o.Shard == f.Shard && !o.Open && o.To < hold.From && o.Node != f.Node
	})
	return f.Proved > 0 && taken && (f.Restored == 0 || f.Restored >= hold.To)
}

// nodeCores reads from what the nodes said of themselves before and after the
// load how much processor time the busiest used by second, and all together.
func nodeCores(b *results.Bundle) (busiest, all float64) {
	seconds := (b.Run.LoadEnd - b.Run.LoadStart).Std().Seconds()
	if seconds <= 0 {
		return 0, 0
	}
	for _, n := range b.Run.Nodes {
		before, ok1 := usedCPU(filepath.Join(b.Dir, "nodes", n.Name+".before.txt"))
		after, ok2 := usedCPU(filepath.Join(b.Dir, "nodes", n.Name+".after.txt"))
		if ok1 && ok2 && after > before {
			cores := (after - before) / seconds
			all += cores
			busiest = max(busiest, cores)
		}
	}
	return busiest, all
}

// usedCPU is a node's user and system time, in seconds, from its INFO.
func usedCPU(file string) (float64, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	sum, seen := 0.0, 0
	for sc := bufio.NewScanner(bytes.NewReader(text)); sc.Scan(); {
		name, value, _ := strings.Cut(sc.Text(), ":")
		if name == "used_cpu_sys" || name == "used_cpu_user" {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				sum += v
				seen++
			}
		}
	}
	return sum, seen == 2
}

// Sized answers, for rates, how many shards they need: by the lowest rate by
// shard that was measured with one primary down, or, if that was not asked for,
// of the healthy cluster.
func (c *Capacity) Sized(rates []float64) {
	down := slices.ContainsFunc(c.Answers, func(a CapacityAnswer) bool { return a.OneDown })
	perShard, busiest, basis, atMost := math.Inf(1), 0.0, "", false
	for _, a := range c.Answers {
		if a.OneDown != down {
			continue
		}
		if v := a.Rate / float64(a.Shards); v < perShard {
			perShard, basis, atMost = v, fmt.Sprintf("%s with %d shards", words.Rate(a.Rate), a.Shards), a.Misses == 0
			if !a.Confirmed {
				basis += ", met only once"
			}
		}
		for _, st := range a.Steps {
			if st.Rate == a.Rate {
				busiest = max(busiest, st.Cores)
			}
		}
	}
	for _, r := range rates {
		s := Size{Rate: r, OneDown: down}
		if perShard > 0 && !math.IsInf(perShard, 1) {
			s.PerShard, s.Basis, s.AtMost = perShard, basis, atMost
			s.Shards = max(3, int(math.Ceil(r/perShard)))
			s.Cores = max(1, int(math.Ceil(busiest/0.9)))
		}
		c.Sizes = append(c.Sizes, s)
	}
}

// String is the size in a sentence.
func (s Size) String() string {
	state := map[bool]string{true: "with one primary down", false: "while all is healthy"}[s.OneDown]
	if s.Shards == 0 {
		return fmt.Sprintf("no rate met the objectives %s: nothing can be said of %s", state, words.Rate(s.Rate))
	}
	need, bound := "need", ""
	if s.AtMost {
		need, bound = "need at most", "; no rate that is too high was found"
	}
	return fmt.Sprintf("you %s %d shards of %s for %s %s (measured so: %s, that is %s by shard%s)",
		need, s.Shards, words.Plural(s.Cores, "core", "cores"), words.Rate(s.Rate), state, s.Basis, words.Rate(s.PerShard), bound)
}

// Knee is the step at which latency begins to bend up: of the steps in order of
// their rate, the one farthest below the line from the first to the last, both
// axes scaled to 1 (as Satopaa et al. 2011 describe it). -1 if the curve does not
// bend.
func Knee(steps []CapacityStep) int {
	if len(steps) < 3 {
		return -1
	}
	first, last := steps[0], steps[len(steps)-1]
	if last.Rate == first.Rate || last.P99 <= first.P99 {
		return -1
	}
	best, at := 0.0, -1
	for i, s := range steps {
		x := (s.Rate - first.Rate) / (last.Rate - first.Rate)
		y := float64(s.P99-first.P99) / float64(last.P99-first.P99)
		if d := x - y; d > best+1e-9 {
			best, at = d, i
		}
	}
	return at
}

// Curve are the steps with latencies, by rate; of a rate that was held more
// than once the median p99.
func (a CapacityAnswer) Curve() []CapacityStep {
	by := map[float64][]CapacityStep{}
	var rates []float64
	for _, s := range a.Steps {
		if s.Outcome != Meets && s.Outcome != Misses || s.P99 == 0 {
			continue
		}
		if by[s.Rate] == nil {
			rates = append(rates, s.Rate)
		}
		by[s.Rate] = append(by[s.Rate], s)
	}
	slices.Sort(rates)
	var list []CapacityStep
	for _, r := range rates {
		same := by[r]
		slices.SortFunc(same, func(x, y CapacityStep) int { return int(x.P99 - y.P99) })
		list = append(list, same[(len(same)-1)/2])
	}
	return list
}

// Title names the answer: 3 shards, healthy.
func (a CapacityAnswer) Title() string {
	state := "healthy"
	if a.OneDown {
		state = "one primary down"
	}
	return fmt.Sprintf("%d shards, %s", a.Shards, state)
}

// Shared warns of figures that were measured on one
// machine.
func (c *Capacity) Shared() string {
	if c.Environment.Provider != "local" {
		return ""
	}
	return fmt.Sprintf("all nodes and the load shared one machine of %s: shards that have cores of their own carry more", words.Plural(c.Environment.CPUs, "core", "cores"))
}
