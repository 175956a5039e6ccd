package main

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/internal/spelling"
)

// suggest follows an unknown word with the known one that the user may have meant; it is
// empty if none is near.
func suggest(word string, known []string) string {
	if word == "" {
		return ""
	}
	best, distance := "", len(word)/3+2
	for _, k := range known {
		d := spelling.Distance(word, k)
		if strings.HasPrefix(k, word) {
			d = 0 // typed halfway
		}
		if d < distance || d == distance && nearer(word, k, best) {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// nearer breaks a tie: letters left out are likelier than wrong ones.
func nearer(word, k, best string) bool {
	return best != "" && abs(len(k)-len(word)) > abs(len(best)-len(word))
}

func abs(n int) int { return max(n, -n) }
