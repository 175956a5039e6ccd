package results

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Select resolves a set of runs to the folders of its bundles, oldest first:
// words with commas between, each a run as Find knows it, a folder of runs, or
// a pattern as filepath.Match knows them, of folders or of ids under root.
func Select(root, text string) ([]Selected, error) {
	var runs []Selected
	add := func(s Selected) {
		s.Dir = filepath.Clean(s.Dir)
		at := slices.IndexFunc(runs, func(r Selected) bool { return r.Dir == s.Dir })
		if at < 0 {
			runs = append(runs, s)
		} else if s.Named {
			runs[at].Named = true
		}
	}
	for word := range strings.SplitSeq(text, ",") {
		found, err := selectWord(root, strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			add(s)
		}
	}
	return runs, nil
}

// Selected is a run of a set.
type Selected struct {
	Dir string
	// Named is true if the set names this run itself, and not a folder or a
	// pattern that it is found by: then it is an error if it cannot be read.
	Named bool
}

func selectWord(root, word string) ([]Selected, error) {
	if word == "" {
		return nil, fmt.Errorf("a run's name is missing: write folders, ids or patterns with commas between")
	}
	if strings.ContainsAny(word, "*?[") {
		return selectPattern(root, word)
	}
	dir, err := Find(root, word)
	if err != nil {
		return nil, err
	}
	if isBundle(dir) {
		return []Selected{{dir, true}}, nil
	}
	entries, err := List(dir)
	if err != nil {
		return nil, err
	}
	var runs []Selected
	for _, e := range entries {
		if isBundle(e.Dir) {
			runs = append(runs, Selected{Dir: e.Dir})
		}
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("%s holds no run", dir)
	}
	return runs, nil
}

func selectPattern(root, pattern string) ([]Selected, error) {
	for _, p := range []string{pattern, filepath.Join(root, pattern)} {
		hits, err := filepath.Glob(p)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		var runs []Selected
		for _, dir := range hits {
			if isBundle(dir) {
				runs = append(runs, Selected{Dir: dir})
			}
		}
		if len(runs) > 0 {
			return runs, nil
		}
	}
	return nil, fmt.Errorf("no run fits the pattern %q, here or in %s", pattern, root)
}

func isBundle(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, RunFile))
	return err == nil
}
