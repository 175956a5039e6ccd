package sections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// checkWords are the answers of checks.
var checkWords = map[results.CheckResult]string{
	results.CheckAgrees: "✓ agrees", results.CheckDisagrees: "✗ disagrees", results.CheckUnchecked: "not checked",
}

// checkClasses are the colours of the answers.
var checkClasses = map[results.CheckResult]string{
	results.CheckAgrees: string(results.Pass), results.CheckDisagrees: string(results.Fail), results.CheckUnchecked: unjudged,
}

// checks is whether the servers' own records agree with the report. A terminal shows a
// line or two, and each figure that does not agree.
func checks(_ *results.Bundle, s *results.Summary) doc.Section {
	d := doc.Section{ID: "checks", Title: "Checks"}
	if len(s.Checks) == 0 {
		return d
	}
	d.Blocks = []doc.Block{
		doc.Only(doc.Page, doc.Note{Text: doc.Prose("A second reading of what the servers kept (logs, statistics, views of the cluster), beside the figures of this report. A figure that does not agree makes the run *inconclusive*.")}),
		doc.Line(checkLine(s.Checks)),
		differenceTable(s.Checks),
		doc.Only(doc.Terminal, doc.Line(checkLimits(s.Checks))),
		doc.Only(doc.Written, checkTable(s.Checks)),
	}
	return d
}

// checkLine sums the checks up.
func checkLine(list []results.Check) string {
	agree, differ := checkNames(list, results.CheckAgrees), checkNames(list, results.CheckDisagrees)
	switch {
	case len(differ) > 0:
		return "the servers' own records disagree with this report: " + strings.Join(differ, ", ")
	case len(agree) > 0:
		return "the servers' own records agree with this report: " + strings.Join(agree, ", ")
	}
	return ""
}

func checkNames(list []results.Check, is results.CheckResult) []string {
	var names []string
	for _, c := range list {
		if c.Result == is {
			names = append(names, c.Name)
		}
	}
	return names
}

// checkLimits are what could not be checked, or not from both sides: the first reason,
// and how many more there are.
func checkLimits(list []results.Check) string {
	var reasons, names []string
	for _, c := range list {
		for _, reason := range c.Limits {
			if len(reasons) == 0 || reason == reasons[0] {
				names = append(names, c.Name)
			}
			if !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
		}
	}
	switch len(reasons) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("not fully checked (%s): %s", strings.Join(names, ", "), reasons[0])
	}
	return fmt.Sprintf("not fully checked (%s): %s; %s in report.html", strings.Join(names, ", "), reasons[0], words.Plural(len(reasons)-1, "more limit is", "more limits are"))
}

func differenceTable(list []results.Check) doc.Table {
	t := doc.Table{Title: "Differences", Head: doc.Columns("check", "of", "the report has", "the servers have"), Grouped: true}
	for _, c := range list {
		for _, d := range c.Differences {
			t.Rows = append(t.Rows, []string{c.Name, d.Of, d.Report, d.Servers})
		}
	}
	return t
}

func checkTable(list []results.Check) doc.Table {
	t := doc.Table{Title: "What was checked", Head: slices.Concat(doc.Columns("result", "check"), doc.Numbers("figures"), doc.Long("limits"))}
	for _, c := range list {
		t.Rows = append(t.Rows, []string{checkWords[c.Result], c.Name, words.Count(c.Compared), strings.Join(c.Limits, "; ")})
		t.Results = append(t.Results, checkClasses[c.Result])
	}
	return t
}
