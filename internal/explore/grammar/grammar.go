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
	return s.draft
}
