package grammar

// The parts of a scenario that have dice of their own: the knobs count from 0.
const partSteps = 1000

// Draw gives the draft of a seed. It is a function of the seed and the radius, which must
// pass Check.
func Draw(seed uint64, r Radius) Draft {
	s := &sketch{Radius: r, generators: 1, draft: Draft{Seed: seed, Base: base(r, seed)}}
	for i, k := range knobs {
		d := diceOf(seed, i)
		if d.chance(k.odds) {
			k.turn(d, s)
		}
	}
	s.steps(diceOf(seed, partSteps))
	return s.draft.bearable()
}

// bearable leaves the last steps out as long as the faults together are refused, as those
// are that take the majority of the primaries away at once: a run would refuse them too, and
// show nothing. A single fault is refused only if the grammar is wrong.
func (d Draft) bearable() Draft {
	for len(d.Steps) > 1 {
		if _, err := d.Scenario(); err == nil {
			break
		}
		d.Steps = d.Steps[:len(d.Steps)-1]
	}
	return d
}
