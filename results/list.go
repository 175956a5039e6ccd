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

// Entry is a bundle in a listing.
type Entry struct {
	Dir string
	ID  string
	// Run is nil if the bundle is not readable, and Err says why.
	Run *Run
	Err error
}

// errNoRun marks a folder in which no run has begun.
var errNoRun = errors.New("not the folder of a run")

// List gives the bundles under root, newest last. Folders of others are left out. A missing
// root is empty.
func List(root string) ([]Entry, error) {
	dirs, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	var list []Entry
	left := int64(maxListed)
	for _, d := range dirs {
		if d.IsDir() {
			e := Entry{Dir: filepath.Join(root, d.Name()), ID: d.Name()}
			if e.Run, e.Err = describe(e.Dir, &left); !errors.Is(e.Err, errNoRun) {
				list = append(list, e)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Entry) int { return started(a).Compare(started(b)) })
	return list, nil
}

// describe reads the run.json of a bundle, of which left bytes more may be read.
func describe(dir string, left *int64) (*Run, error) {
	f, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := f.ReadFile(RunFile)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
	case f.has(JournalFile): // a run begins with it, and ends with the other
		return nil, ErrUnsealed
	default:
		return nil, errNoRun
	}
	if err != nil {
		return nil, err
	}
	if *left -= int64(len(raw)); *left < 0 {
		return nil, fmt.Errorf("the %s files of this folder have more than %d bytes together: move runs to another folder, or prune them", RunFile, int64(maxListed))
	}
	return decodeRun(raw)
}

// started is when a run began. One that is not readable is placed by the time
// in its folder's name.
func started(e Entry) time.Time {
	if e.Run != nil {
		return e.Run.Start
	}
	for part := range strings.SplitSeq(e.ID, "-") {
		if t, err := time.Parse("20060102T150405Z", part); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Find resolves what a user typed to a bundle's folder: a path, an id, a unique
// beginning of an id under root, or "latest".
func Find(root, name string) (string, error) {
	if st, err := os.Stat(name); err == nil && st.IsDir() {
		return name, nil
	}
	list, err := List(root)
	if err != nil {
		return "", err
	}
	if name == "latest" {
		for _, e := range slices.Backward(list) {
			if e.Run != nil {
				return e.Dir, nil
			}
		}
		return "", fmt.Errorf("there is no run in %s yet", root)
	}
	var hits []Entry
	for _, e := range list {
		if e.ID == name {
			return e.Dir, nil
		}
		if strings.HasPrefix(e.ID, name) {
			hits = append(hits, e)
		}
	}
	switch len(hits) {
	case 1:
		return hits[0].Dir, nil
	case 0:
		return "", fmt.Errorf("no run %q: it is no folder, and no id in %s begins with it; 'slotstorm list' shows them", name, root)
	}
	return "", fmt.Errorf("%q fits %d runs (%s, %s ...): write more of the id", name, len(hits), hits[0].ID, hits[1].ID)
}
