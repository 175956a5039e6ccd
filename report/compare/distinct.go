package compare

import (
	"cmp"
	"fmt"

	"github.com/slotstorm/slotstorm/results"
)

// Distinct remembers runs, and refuses each that it has: a copy of a run says nothing
// more, and would count as a repetition.
type Distinct struct{ dirs map[string]string }

// Add returns a *Copied if b is a run that was added before.
func (d *Distinct) Add(b *results.Bundle) error {
	id := cmp.Or(b.Run.ID, b.Dir)
	if was, again := d.dirs[id]; again {
		return &Copied{Dir: b.Dir, Was: was, ID: id}
	}
	if d.dirs == nil {
		d.dirs = map[string]string{}
	}
	d.dirs[id] = b.Dir
	return nil
}

// Copied is the error of a run that counts already.
type Copied struct {
	// Dir is its folder, Was the folder of the run that counts.
	Dir, Was, ID string
}

func (c *Copied) Error() string {
	if c.Dir == c.Was {
		return fmt.Sprintf("%s is given twice, or is in both A and B: each run counts once", c.Dir)
	}
	return fmt.Sprintf("%s and %s are the same run, %s: each run counts once", c.Was, c.Dir, c.ID)
}
