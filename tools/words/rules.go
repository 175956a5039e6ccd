package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/tools/lists"
)

// rule is a line of the list.
type rule struct {
	line    int
	text    string
	pattern *regexp.Regexp
	most    int
	instead string
}

var gap = regexp.MustCompile(`\s{2,}`)

func readRules(file string) ([]rule, error) {
	entries, err := lists.Read(file)
	if err != nil {
		return nil, err
	}
	var rules []rule
	for _, e := range entries {
		parts := gap.Split(e.Text, 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("%s:%d: write a pattern, a number and plain words, with two spaces between them", file, e.Line)
		}
		pattern, err := regexp.Compile("(?m)" + parts[0])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, e.Line, err)
		}
		most, err := strconv.Atoi(parts[1])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, e.Line, err)
		}
		rules = append(rules, rule{e.Line, parts[0], pattern, most, parts[2]})
	}
	return rules, nil
}

// find lists the places of the pattern, as file:line: the words around it.
func (r rule) find(texts []text) []string {
	var places []string
	for _, t := range texts {
		for _, at := range r.pattern.FindAllStringIndex(t.words, -1) {
			line := t.line + strings.Count(t.words[:at[0]], "\n")
			around := t.words[max(0, at[0]-30):min(len(t.words), at[1]+30)]
			places = append(places, fmt.Sprintf("%s:%d: '%s'", t.file, line, strings.Join(strings.Fields(around), " ")))
		}
	}
	return places
}
