// Package export writes runs for other programs: JUnit XML, OpenMetrics, CSV and JSON.
package export

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes a suite for each run, with the verdict, every objective and the
// checks as cases: fail is a failure, inconclusive and invalid are errors, for they call
// for another run, not for another change.
func JUnit(w io.Writer, list []judge.Judged) error {
	var suites junitSuites
	names := suiteNames(list)
	for i, j := range list {
		suites.Suites = append(suites.Suites, suiteOf(names[i], j.Run, j.Summary))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suites); err != nil {
		return fmt.Errorf("encoding JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// suiteNames name the runs: by scenario, of a matrix also by what the run has set, and of
// repeated runs by their number. GitLab knows a case by its class and name alone, drops
// those that occur again, and follows the others from one pipeline to the next. So no two
// runs share a name, and no name has a seed, which differs from night to night.
func suiteNames(list []judge.Judged) []string {
	names := make([]string, len(list))
	count := map[string]int{}
	for i, j := range list {
		names[i] = printable.Line(j.Run.Name)
		if len(list) > 1 {
			for _, s := range j.Run.Matrix {
				names[i] += printable.Line(fmt.Sprintf(", %s=%s", s.Field, s.Value))
			}
		}
		count[names[i]]++
	}
	number := map[string]int{}
	for i, name := range names {
		if count[name] > 1 {
			number[name]++
			names[i] = fmt.Sprintf("%s, run %d", name, number[name])
		}
	}
	return names
}

func suiteOf(name string, r *results.Run, s *results.Summary) junitSuite {
	suite := junitSuite{
		Name:      "slotstorm " + name,
		Time:      junitSeconds(r.End),
		Timestamp: r.Start.UTC().Format("2006-01-02T15:04:05Z"),
		Properties: []junitProperty{
			{"id", printable.Line(r.ID)}, {"seed", fmt.Sprint(r.Seed)}, {"server", printable.Line(r.Versions.Server.String())},
			{"client", printable.Line(words.Sentence(" ", r.Client.Type, r.Client.Version))}, {"command", printable.Text(r.Command)},
		},
	}
	class := "slotstorm." + name
	suite.add(junitCase{Class: class, Name: "verdict", Time: junitSeconds(r.End)}, s.Verdict, strings.Join(s.Reasons, "\n"))
	for _, o := range s.Objectives {
		text := words.Sentence("; ", "measured "+o.Shown, "bound "+o.Bound, o.Evidence)
		suite.add(junitCase{Class: class, Name: o.Name, Time: "0", Out: text}, o.Result, text)
	}
	if len(s.Checks) > 0 {
		verdict, text := checked(s.Checks)
		suite.add(junitCase{Class: class, Name: "checks by the servers' own records", Time: "0", Out: text}, verdict, text)
	}
	return suite
}

// checked is whether the servers' own records agree, with a line for each check.
func checked(list []results.Check) (results.Verdict, string) {
	verdict := results.Pass
	var lines []string
	for _, c := range list {
		if c.Result == results.CheckDisagrees {
			verdict = results.Inconclusive
		}
		lines = append(lines, words.Sentence("; ", fmt.Sprintf("%s: %s, %s", c.Name, c.Result, words.Plural(c.Compared, "figure", "figures")), strings.Join(c.Limits, "; ")))
		for _, d := range c.Differences {
			lines = append(lines, words.Difference(d))
		}
	}
	return verdict, strings.Join(lines, "\n")
}

// add adds a case. An XML encoder lets pass whatever XML can hold, and those who
// show it put it into pages and terminals.
func (s *junitSuite) add(c junitCase, v results.Verdict, text string) {
	c.Name, c.Out, text = printable.Line(c.Name), printable.Text(c.Out), printable.Text(text)
	message, _, _ := strings.Cut(text, "\n")
	problem := &junitProblem{Message: message, Type: printable.Line(string(v)), Text: text}
	switch v {
	case results.Pass:
	case results.Fail:
		c.Failure = problem
		s.Failures++
	default:
		c.Error = problem
		s.Errors++
	}
	s.Tests++
	s.Cases = append(s.Cases, c)
}

func junitSeconds(m results.Duration) string { return fmt.Sprintf("%.3f", m.Std().Seconds()) }
