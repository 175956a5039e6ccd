// Package lists reads the lists that the programs here work by: one entry per line, a #
// begins a comment.
package lists

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// Entry is a line that is neither empty nor a comment.
type Entry struct {
	Line int
	Text string
}

// Read reads a list. An entry that occurs twice is an error.
func Read(file string) ([]Entry, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []Entry
	first := map[string]int{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if first[text] > 0 {
			return nil, fmt.Errorf("%s:%d: %s occurs in line %d already", file, n, text, first[text])
		}
		first[text] = n
		list = append(list, Entry{n, text})
	}
	return list, lines.Err()
}
