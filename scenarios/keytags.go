package scenarios

import (
	"slices"
	"strings"
)

// tagNeeded is how many keys must share a hash tag so that every command of the
// mix stays in one slot; 0 is none.
func tagNeeded(mix []Command) int64 {
	need := int64(0)
	for _, c := range mix {
		switch {
		case c.Command == "MGET" || c.Command == "MSET":
			need = max(need, int64(c.KeyCount()))
			if c.Keys == nil {
				need = max(need, 10)
			}
		case c.Command == "EVALSHA" && c.KeyCount() > 1:
			need = max(need, int64(c.KeyCount()))
		}
		for _, t := range append([]string{c.Raw}, c.Commands...) {
			need = max(need, tagOf(t, c.Command == "MULTI"))
		}
	}
	return need
}

// tagOf is tagNeeded for a template, which in a transaction has company.
func tagOf(template string, multi bool) int64 {
	args, err := ParseTemplate(template)
	if err != nil {
		return 0 // said elsewhere
	}
	need, types := int64(0), map[string]bool{}
	for _, a := range args {
		for _, p := range a {
			if p.Kind == KeyPiece {
				types[p.Type] = true
				if p.N > 0 {
					need = max(need, p.N+1)
				}
			}
		}
	}
	if len(types) > 1 || multi || differ(args) {
		need = max(need, 1)
	}
	return need
}

// differ reports whether a command has keys that are drawn and written differently, as
// in COPY {key} {key}:copy.
func differ(args [][]Piece) bool {
	drawn := drawnKeys(args)
	keys := slices.DeleteFunc(KeyArgs(args), func(i int) bool { return !slices.Contains(drawn, i) })
	return slices.ContainsFunc(keys, func(i int) bool { return !slices.Equal(args[i], args[keys[0]]) })
}

// hasTag reports whether a prefix puts all its keys into one slot by itself.
func hasTag(prefix string) bool {
	_, rest, ok := strings.Cut(prefix, "{")
	return ok && strings.IndexByte(rest, '}') > 0
}
