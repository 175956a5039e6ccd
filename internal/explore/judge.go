package explore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// Ended is a run of slotstorm that has ended.
type Ended struct {
	// Code is the exit code; -1 if a signal ended the process.
	Code int
	// Log is what the run wrote to standard error.
	Log string
	// Dir is the folder of the run; empty if there is none.
	Dir string
	// Hung is set if the run was ended because it took longer than Limit.
	Hung  bool
	Limit time.Duration
	// Left are processes and files that the run left behind.
	Left []string
	// Stopped is set if the search itself ended the run.
	Stopped bool
	Took    time.Duration
}

// The exit codes of a run that has a verdict, or faults that were not healed, which is a rule of its own.
var verdictCodes = []int{0, 4, 5, 7}

// Judge holds an ended run against the invariants. The bundle is nil if none can be read.
// No behaviour of servers and clients under faults, such as lost writes in a partition, breaks an
// invariant.
func Judge(e Ended) (list []Violation, b *results.Bundle) {
	list = process(e)
	if e.Dir == "" {
		return list, nil
	}
	defer func() {
		if r := recover(); r != nil {
			list = append(list, Violation{RuleCrash, "reading the folder", fmt.Sprintf("reading %s crashed: %v", e.Dir, r)})
		}
	}()
	b, err := results.Load(e.Dir)
	if err != nil {
		if !e.Hung && !slices.ContainsFunc(list, func(v Violation) bool { return v.Rule == RuleCrash }) {
			list = append(list, Violation{RuleBundle, "", err.Error()})
		}
		return list, nil
	}
	return append(list, bundle(b)...), b
}

var (
	crashed  = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*|WARNING: DATA RACE)$`)
	own      = regexp.MustCompile(`(?m)^github\.com/slotstorm/slotstorm/([^\s(]+(\([^)]*\)\.\w+)?)`)
	messages = regexp.MustCompile(`(?m)^slotstorm: (.*)$`)
	figures  = regexp.MustCompile(`[0-9][0-9.,:]*|/\S+`)
)

// process judges how the process ended and what it left.
func process(e Ended) []Violation {
	var list []Violation
	message := ""
	if m := messages.FindStringSubmatch(e.Log); m != nil {
		message = m[1]
	}
	switch panic := crashed.FindString(e.Log); {
	case panic != "":
		subject := figures.ReplaceAllString(panic, "#")
		if at := own.FindStringSubmatch(e.Log[strings.Index(e.Log, panic):]); at != nil {
			subject = at[1]
		}
		list = append(list, Violation{RuleCrash, subject, panic})
	case e.Hung:
		list = append(list, Violation{RuleHang, "", fmt.Sprintf("the run had not ended after %s", e.Limit.Round(time.Second))})
	case !slices.Contains(verdictCodes, e.Code):
		list = append(list, Violation{RuleError, fmt.Sprintf("exit code %d", e.Code), fmt.Sprintf("exit code %d: %s", e.Code, message)})
	case e.Dir == "":
		list = append(list, Violation{RuleError, "no folder", fmt.Sprintf("exit code %d without a folder: %s", e.Code, message)})
	}
	for _, left := range e.Left {
		list = append(list, Violation{RuleLeft, figures.ReplaceAllString(left, "#"), left})
	}
	return list
}

// bundle judges what a run says of itself.
func bundle(b *results.Bundle) []Violation {
	s := b.Run.Summary
	if s == nil {
		return []Violation{{RuleBundle, "no summary", results.RunFile + " has no summary"}}
	}
	var list []Violation
	add := func(rule, subject, format string, args ...any) {
		list = append(list, Violation{rule, subject, fmt.Sprintf(format, args...)})
	}
	for _, name := range b.Seal.Changed {
		add(RuleBundle, "changed", "%s is not as it was sealed", name)
	}
	for _, name := range b.Seal.Extra {
		add(RuleBundle, "extra", "%s is not sealed", name)
	}
	again, err := judge.Analyze(b)
	if err != nil {
		add(RuleRepeats, "error", "%v", err)
	} else if field := differs(s, again); field != "" {
		add(RuleRepeats, field, "the folder gives another %s than %s holds", field, results.RunFile)
	}
	for _, c := range s.Checks {
		for _, d := range c.Differences {
			add(RuleWitness, c.Name, "%s: %s: the report says %s, the servers say %s", c.Name, d.Of, d.Report, d.Servers)
			break
		}
	}
	if !b.Run.HealthyBefore {
		add(RuleWhole, "before", "the cluster was not whole when the load began")
	}
	if !b.Run.HealthyAfter && b.Run.Interrupted == "" && !unsynced(b.Run.Faults) {
		add(RuleWhole, "after", "the cluster was not whole after healing")
	}
	list = append(list, audited(b)...)
	list = append(list, faults(b)...)
	return append(list, evidence(b)...)
}

// differs names the first field in which two summaries differ.
func differs(a, b *results.Summary) string {
	parts := func(s *results.Summary) map[string]json.RawMessage {
		raw, err := json.Marshal(s)
		m := map[string]json.RawMessage{}
		if err != nil || json.Unmarshal(raw, &m) != nil {
			return nil
		}
		return m
	}
	one, two := parts(a), parts(b)
	var fields []string
	for name, value := range one {
		if !bytes.Equal(value, two[name]) {
			fields = append(fields, name)
		}
	}
	for name := range two {
		if _, ok := one[name]; !ok {
			fields = append(fields, name)
		}
	}
	if len(fields) == 0 {
		return ""
	}
	return slices.Min(fields)
}
