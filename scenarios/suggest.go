package scenarios

import (
	"strings"

	"github.com/slotstorm/slotstorm/internal/spelling"
)

// closest is the candidate that a typing slip could have turned into word, or that
// word is a part of; "" when there is none. Case does not count: get finds GET.
func closest(word string, candidates []string) string {
	// No slip is this long, and the distance takes quadratic time.
	if len(word) > 64 {
		return ""
	}
	word = strings.ToLower(word)
	best, nearest := "", 1+max(1, len(word)/3)
	for _, c := range candidates {
		if d := spelling.Distance(word, strings.ToLower(c)); d < nearest {
			best, nearest = c, d
		}
	}
	if best != "" || len(word) < 4 {
		return best
	}
	for _, c := range candidates {
		if strings.Contains(strings.ToLower(c), word) {
			return c
		}
	}
	return ""
}

// either lists words as prose: a, b or c.
func either(words []string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
}
