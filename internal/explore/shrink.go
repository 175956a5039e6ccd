package explore

import (
	"errors"
	"slices"

	"github.com/slotstorm/slotstorm/internal/explore/grammar"
)

// fails reports whether a smaller draft still breaks the same invariant.
type fails func(grammar.Draft) (bool, error)

// errTries ends a shrinking whose tries are used up.
var errTries = errors.New("no try is left")

// shrink gives the smallest draft that it finds which still fails, and how many drafts
// were tried, at most so many. It removes steps, then settings, by delta debugging
// (Zeller and Hildebrandt, 'Simplifying and isolating failure-inducing input', IEEE TSE
// 28(2), 2002), until no single one of them can be left out. A draft that is not valid
// any more counts as one that does not fail, and needs no try.
func shrink(d grammar.Draft, tries int, failing fails) (_ grammar.Draft, used int, err error) {
	try := func(d grammar.Draft) (bool, error) {
		if _, err := d.Scenario(); err != nil {
			return false, nil
		}
		if used == tries {
			return false, errTries
		}
		used++
		return failing(d)
	}
	steps := func(kept []grammar.Step) (bool, error) {
		next := d
		next.Steps = kept
		ok, err := try(next)
		if ok {
			d = next
		}
		return ok, err
	}
	settings := func(kept []grammar.Setting) (bool, error) {
		next := d
		next.Settings = kept
		ok, err := try(next)
		if ok {
			d = next
		}
		return ok, err
	}
	err = reduce(d.Steps, steps)
	if err == nil {
		err = reduce(d.Settings, settings)
	}
	if errors.Is(err, errTries) {
		err = nil
	}
	return d, used, err
}

// reduce removes parts of a list as long as what is kept passes. It tries to remove all of
// it, then halves, quarters, and at last single items.
func reduce[T any](list []T, passes func([]T) (bool, error)) error {
	for size := len(list); size > 0; {
		removed := false
		for from := 0; from < len(list); {
			to := min(from+size, len(list))
			kept := slices.Concat(list[:from], list[to:])
			ok, err := passes(kept)
			if err != nil {
				return err
			}
			if ok {
				list, removed = kept, true
			} else {
				from = to
			}
		}
		if size > 1 {
			size = min((size+1)/2, len(list))
		} else if !removed {
			return nil
		}
	}
	return nil
}
