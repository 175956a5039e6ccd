package scenarios

import "strings"

// tagNeeded is how many keys must share a hash tag so that every command of the
// mix stays in one slot; 0 is none.
func tagNeeded(mix []Command) int64 {
	need := int64(0)
	for _, c := range mix {
		switch {
		case c.Command == "MGET" || c.Command == "MSET":
			need = max(need, int64(c.Keys))
			if c.Keys == 0 {
				need = max(need, 10)
			}
		case c.Command == "EVALSHA" && c.Keys > 1:
			need = max(need, int64(c.Keys))
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
	if len(types) > 1 || multi {
		need = max(need, 1)
	}
	return need
}

// hasTag reports whether a prefix puts all its keys into one slot by itself.
func hasTag(prefix string) bool {
	_, rest, ok := strings.Cut(prefix, "{")
	return ok && strings.IndexByte(rest, '}') > 0
}
