package main

import (
	"errors"
	"fmt"
	"strings"
)

// The table of docs/found.md stands between these two lines.
const (
	begin = "<!-- Generated from e2e/found/issues.yaml: run 'go test ./e2e/found -update' after a change. -->"
	end   = "<!-- The end of the generated table. -->"
)

// table is Markdown: one row for each issue.
func table(list []issue) string {
	var b strings.Builder
	b.WriteString("| issue | behaviour | command | red with | green with |\n|---|---|---|---|---|\n")
	for _, i := range list {
		command := strings.Join(append([]string{"slotstorm run", i.name()}, flags(i.Set, i.Red.all())...), " ")
		cure := strings.Join(flags(i.Green.all()), " ")
		fmt.Fprintf(&b, "| [%s](%s) | %s | `%s` | %s | %s; add `%s` |\n", i.Issue, i.url(), i.About, command, i.Red.cell(), i.Green.cell(), cure)
	}
	return b.String()
}

// name is what the command line calls the scenario, from the top of a checkout.
func (i issue) name() string {
	if file, ok := i.own(); ok {
		return "e2e/found/" + file
	}
	return i.Scenario
}

// all is what a side sets, with its server in a folder named by the shell.
func (s side) all() []string {
	if s.Server == "" {
		return s.Set
	}
	product, _, _ := strings.Cut(s.Server, "-")
	return append([]string{"redis.binary=$SERVERS/" + s.Server + "/" + product + "-server"}, s.Set...)
}

// cell is a side with what was measured.
func (s side) cell() string {
	if s.Seen == "" {
		return s.With
	}
	return s.With + ": " + s.Seen
}

// flags are the --set of a command line, quoted for a shell where needed.
func flags(lists ...[]string) []string {
	var line []string
	for _, list := range lists {
		for _, s := range list {
			if strings.ContainsAny(s, " {}[]") {
				s = "'" + s + "'"
			}
			line = append(line, "--set "+s)
		}
	}
	return line
}

// replace puts a table into a page.
func replace(page, table string) (string, error) {
	before, rest, ok := strings.Cut(page, begin+"\n")
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", errors.New("the page lacks the lines around the table")
	}
	return before + begin + "\n" + table + end + after, nil
}
