package console

import (
	"strings"
	"unicode/utf8"
)

// Segment is a piece of a live line. When space runs out, the piece of the highest
// rank is dropped first; rank 0 stays.
type Segment struct {
	Text  string
	Style Style
	Rank  int
}

// Texts are the texts of segments.
func Texts(parts []Segment) []string {
	list := make([]string, len(parts))
	for i, p := range parts {
		list[i] = p.Text
	}
	return list
}

// Fit joins segments into a line of at most width columns: it drops segments by rank
// first, and then cuts the line.
func Fit(parts []Segment, width int, color bool) string {
	for lineWidth(parts) > width {
		worst := 0
		for i, p := range parts {
			if p.Rank > parts[worst].Rank {
				worst = i
			}
		}
		if parts[worst].Rank == 0 {
			break
		}
		parts = append(parts[:worst:worst], parts[worst+1:]...)
	}
	if lineWidth(parts) > width {
		all := []rune(strings.Join(Texts(parts), "  "))
		return string(all[:max(0, min(width, len(all)))])
	}
	painted := make([]string, len(parts))
	for i, p := range parts {
		painted[i] = Paint(color, p.Style, p.Text)
	}
	return strings.Join(painted, "  ")
}

func lineWidth(parts []Segment) int {
	n := 2 * (len(parts) - 1)
	for _, p := range parts {
		n += utf8.RuneCountInString(p.Text)
	}
	return n
}
