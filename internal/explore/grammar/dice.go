package grammar

import (
	"time"

	"github.com/slotstorm/slotstorm/workload/random"
)

// dice are the random draws of one part of a scenario. Each part has its own, so that
// what one part draws does not depend on another.
type dice struct{ draws random.Draws }

func diceOf(seed uint64, part int) *dice { return &dice{random.For(seed, int64(part))} }

// chance is true with probability p.
func (d *dice) chance(p float64) bool { return d.draws.Float() < p }

// below is a number from 0 to n-1.
func (d *dice) below(n int) int { return int(d.draws.Int(int64(n))) }

// between is a time from one to another, both included, in steps of 100 ms.
func (d *dice) between(from, to time.Duration) time.Duration {
	const step = 100 * time.Millisecond
	return from + time.Duration(d.below(int((to-from)/step)+1))*step
}

// pick is one of a list.
func pick[T any](d *dice, list ...T) T { return list[d.below(len(list))] }
