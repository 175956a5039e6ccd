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
func Select(root, text string) ([]string, error) {
	var dirs []string
	add := func(dir string) {
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for word := range strings.SplitSeq(text, ",") {
		found, err := selectWord(root, strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		for _, dir := range found {
			add(filepath.Clean(dir))
		}
	}
	return dirs, nil
}

func selectWord(root, word string) ([]string, error) {
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
		return []string{dir}, nil
	}
	entries, err := List(dir)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if isBundle(e.Dir) {
			dirs = append(dirs, e.Dir)
		}
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("%s holds no run", dir)
	}
	return dirs, nil
}

func selectPattern(root, pattern string) ([]string, error) {
	for _, p := range []string{pattern, filepath.Join(root, pattern)} {
		hits, err := filepath.Glob(p)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		if hits = slices.DeleteFunc(hits, func(dir string) bool { return !isBundle(dir) }); len(hits) > 0 {
			return hits, nil
		}
	}
	return nil, fmt.Errorf("no run fits the pattern %q, here or in %s", pattern, root)
}

func isBundle(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, RunFile))
	return err == nil
}
