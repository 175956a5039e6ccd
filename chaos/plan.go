package chaos

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Injection is one planned injection of a fault.
type Injection struct {
	// Name is the fault's, with a number behind it if the fault repeats.
	Name string
	// At is the offset from the start of the timeline.
	At    time.Duration
	Fault scenarios.Fault
	// Lasts is how long it is to stay in force; 0 is an action that is over at once.
	Lasts time.Duration
	// Seed decides what is left to chance when the target is chosen.
	Seed uint64
}

// Standing are conditions that begin at once and last until they are stopped.
func Standing(conditions []scenarios.Fault, seed uint64) []Injection {
	var list []Injection
	for i, f := range conditions {
		random := rand.New(rand.NewPCG(seed, standing|uint64(i)))
		list = append(list, Injection{Name: f.Name, Fault: f, Lasts: f.Duration.Std(), Seed: random.Uint64()})
	}
	return list
}

// standing keeps the seeds of conditions apart from those of faults.
const standing = 1 << 63

// Plan spreads a timeline's faults out, in order of time. The seed fixes jitter
// and random targets.
func Plan(t scenarios.Timeline, seed uint64) []Injection {
	var list []Injection
	for i, f := range t.Faults {
		times, every, jitter := 1, time.Duration(0), time.Duration(0)
		if f.Repeat != nil {
			times, every, jitter = f.Repeat.Times, f.Repeat.Every.Std(), f.Repeat.Jitter.Std()
		}
		for n := range times {
			random := rand.New(rand.NewPCG(seed, uint64(i)<<32|uint64(n)))
			in := Injection{Name: f.Name, At: f.At.Std() + time.Duration(n)*every, Fault: f}
			if jitter > 0 {
				in.At += time.Duration(random.Int64N(int64(jitter) + 1))
			}
			if times > 1 {
				in.Name += "-" + strconv.Itoa(n+1)
			}
			in.Seed = random.Uint64()
			in.Lasts = f.Holds(scenarios.Duration(in.At), t.Length()).Std()
			list = append(list, in)
		}
	}
	slices.SortStableFunc(list, func(a, b Injection) int { return int(a.At - b.At) })
	return list
}
