package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Retention says which bundles stay.
type Retention struct {
	// Keep is how many of each scenario stay, the newest; 0 is none for its
	// number.
	Keep int
	// Within keeps what began less than this before Now; 0 keeps none for its age.
	Within time.Duration
	Now    time.Time
	// Failed keeps every run whose verdict is not pass.
	Failed bool
}

// Pruned is what Prune did, or would do, with an entry of a folder.
type Pruned struct {
	Dir  string
	Size int64
	// Removed is true if it went; Why says why it stayed, or what it was.
	Removed bool
	Why     string
}

// Prune removes the bundles under root that retention does not keep, or with dry
// only tells. It touches nothing but sealed, unchanged bundles that hold no
// other files, and no links.
func Prune(root string, keep Retention, dry bool) ([]Pruned, error) {
	entries, err := List(root)
	if err != nil {
		return nil, err
	}
	seen := map[string]int{}
	var list []Pruned
	for _, e := range slices.Backward(entries) {
		p := Pruned{Dir: e.Dir}
		why, err := removable(e.Dir)
		switch {
		case err != nil:
			p.Why = err.Error()
		case e.Run == nil:
			p.Why = e.Err.Error()
		default:
			seen[e.Run.Name]++
			p.Size = why
			p.Why = keep.reason(e.Run, seen[e.Run.Name])
			p.Removed = p.Why == ""
		}
		if p.Removed {
			p.Why = fmt.Sprintf("%s of %s", e.Run.Name, e.Run.Start.UTC().Format("2006-01-02 15:04"))
			if !dry {
				if err := os.RemoveAll(e.Dir); err != nil {
					return list, fmt.Errorf("removing %s: %w", e.Dir, err)
				}
			}
		}
		list = append(list, p)
	}
	slices.Reverse(list)
	return list, nil
}

// reason is why a run stays, as the nth newest of its scenario; empty if it does
// not.
func (k Retention) reason(r *Run, nth int) string {
	switch {
	case nth <= k.Keep:
		return fmt.Sprintf("among the newest %d of %s", k.Keep, r.Name)
	case k.Within > 0 && k.Now.Sub(r.Start) < k.Within:
		return "recent"
	case k.Failed && r.Summary != nil && r.Summary.Verdict != Pass:
		return "its verdict is " + string(r.Summary.Verdict)
	}
	return ""
}

// removable gives the size of a sealed bundle, or why it is none.
func removable(dir string) (size int64, err error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return 0, errors.New("not a folder")
	}
	if err := verify(dir); err != nil {
		return 0, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, SumsFile))
	if err != nil {
		return 0, err
	}
	known := map[string]bool{SumsFile: true}
	for line := range strings.Lines(string(raw)) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			known[name] = true
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == VolumesDir {
				return fs.SkipDir
			}
			return nil
		}
		if !known[rel] {
			return fmt.Errorf("it holds %s, which is no part of the run", rel)
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
