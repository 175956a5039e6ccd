package witness_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/witness"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// recorded unpacks the run in testdata: its recipe.yaml makes another one like it. A
// primary was cut off together with a client, which lost acknowledged writes, and
// another primary was killed.
func recorded(t *testing.T) string {
	t.Helper()
	packed, err := os.ReadFile("testdata/recorded.tgz")
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, "recorded")
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.Mkdir(name, 0o755)
		} else {
			var text []byte
			if text, err = io.ReadAll(files); err == nil {
				err = os.WriteFile(name, text, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// edit replaces all that fits a pattern in a file of the bundle; it must be there.
func edit(t *testing.T, dir, name, pattern, with string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := regexp.MustCompile(pattern).ReplaceAll(text, []byte(with))
	if bytes.Equal(text, changed) {
		t.Fatalf("%s has nothing that fits %s", name, pattern)
	}
	if err := os.WriteFile(path, changed, 0o644); err != nil {
		t.Fatal(err)
	}
}

// lie is a change of a bundle or of its report.
type lie struct {
	what string
	// file changes the bundle on disk, bundle what was read of it, and report what
	// was derived.
	file   func(t *testing.T, dir string)
	bundle func(b *results.Bundle)
	report func(s *results.Summary)
	// checks must find it.
	checks []string
}

func TestAnHonestBundleAgrees(t *testing.T) {
	b, err := results.Read(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := judge.Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	if s.Verdict != results.Pass {
		t.Errorf("the verdict is %s: %q", s.Verdict, s.Reasons)
	}
	want := []string{
		results.CheckLosses, results.CheckRequests, results.CheckErrors, results.CheckLog, results.CheckPromotions,
		results.CheckFailMarks, results.CheckOutages, results.CheckRestarts, results.CheckReplication, results.CheckOwners,
	}
	var got []string
	for _, c := range s.Checks {
		got = append(got, c.Name)
		if c.Result != results.CheckAgrees || c.Compared == 0 {
			t.Errorf("%s: %s of %d figures: %q", c.Name, c.Result, c.Compared, c.Differences)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("checks %q, want %q", got, want)
	}
}

// Kubernetes removes the log of a pod with it, perhaps before it was copied: a log that
// begins with the second start is no whole one then, and no witness of the first.
func TestALogWithoutTheFirstPod(t *testing.T) {
	dir := recorded(t)
	start := regexp.MustCompile(`(?m)^.*Redis is starting.*$`)
	logs, err := filepath.Glob(filepath.Join(dir, "nodes", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(logs, func(name string) bool {
		text, err := os.ReadFile(name)
		return err == nil && len(start.FindAll(text, -1)) == 2
	})
	text, err := os.ReadFile(logs[i])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(logs[i], text[start.FindAllIndex(text, -1)[1][0]:], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, place := range []*results.Kubernetes{nil, {}} {
		b, err := results.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		b.Run.Environment.Kubernetes = place
		s, err := judge.Analyze(b)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(s.Checks, func(c results.Check) bool { return c.Name == results.CheckRestarts })
		differs := s.Checks[i].Result == results.CheckDisagrees
		if differs != (place == nil) || place != nil && !slices.ContainsFunc(s.Checks[i].Limits, func(l string) bool { return strings.Contains(l, "is not whole") }) {
			t.Errorf("with %+v: %+v", place, s.Checks[i])
		}
	}
}

func TestPlantedLiesAreFound(t *testing.T) {
	for _, l := range slices.Concat(liesOfLoad(), liesOfTakeovers(), liesOfServers()) {
		t.Run(l.what, func(t *testing.T) {
			dir := recorded(t)
			if l.file != nil {
				l.file(t, dir)
			}
			b, err := results.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			if l.bundle != nil {
				l.bundle(b)
			}
			s, err := judge.Analyze(b)
			if err != nil {
				t.Fatal(err)
			}
			if l.report != nil {
				l.report(s)
				s.Checks = witness.Examine(b, s)
			} else if s.Verdict != results.Inconclusive || !slices.ContainsFunc(s.Reasons, func(r string) bool { return strings.Contains(r, "the report has") }) {
				t.Errorf("the verdict is %s: %q", s.Verdict, s.Reasons)
			}
			for _, name := range l.checks {
				i := slices.IndexFunc(s.Checks, func(c results.Check) bool { return c.Name == name })
				if i < 0 || s.Checks[i].Result != results.CheckDisagrees {
					t.Errorf("the check of %s does not find it: %+v", name, s.Checks)
				}
			}
			for _, c := range s.Checks {
				for _, d := range c.Differences {
					t.Logf("%s: %s: %s; %s", c.Name, d.Of, d.Report, d.Servers)
					if d.Report == "" || d.Servers == "" || d.Report == d.Servers {
						t.Errorf("the difference %+v does not name both figures", d)
					}
				}
			}
		})
	}
}

func liesOfLoad() []lie {
	return []lie{
		{what: "a frame dropped", checks: []string{results.CheckRequests}, file: func(t *testing.T, dir string) {
			edit(t, dir, "series.jsonl", `(?m)^\{"generator":0,"seq":12,.*\n`, "")
		}},
		{what: "a frame of the warm-up dropped", checks: []string{results.CheckRequests}, file: func(t *testing.T, dir string) {
			edit(t, dir, "series.jsonl", `(?m)^\{"generator":1,"seq":0,.*\n`, "")
		}},
		{what: "a count raised", checks: []string{results.CheckRequests}, file: func(t *testing.T, dir string) {
			edit(t, dir, "series.jsonl", `(?m)^(\{"generator":0,"seq":3,"commands":\{"GET":\{"ok":)`, "${1}1")
		}},
		{what: "a count raised, and its histograms too", checks: []string{results.CheckRequests}, bundle: func(b *results.Bundle) {
			f := &b.Frames[slices.IndexFunc(b.Frames, func(f results.Frame) bool { return f.Seq == 3 })]
			c := f.Commands["GET"]
			c.OK += 300
			f.Commands["GET"] = c
			more := func(list []results.Interval, fits func(results.Interval) bool) {
				i := slices.IndexFunc(list, func(i results.Interval) bool {
					return i.Second == 3 && i.Time == results.Response && fits(i)
				})
				if err := list[i].Histogram.RecordValues(800, 300); err != nil {
					panic(err)
				}
			}
			more(b.Intervals, func(i results.Interval) bool { return i.Command == "GET" })
			more(b.ShardIntervals, func(i results.Interval) bool { return i.Shard == 2 })
		}},
		{what: "the load table raised", checks: []string{results.CheckRequests}, report: func(s *results.Summary) { s.Load[0].Counts.OK++ }},
		{what: "a lost write's finding removed", checks: []string{results.CheckLosses}, file: func(t *testing.T, dir string) {
			edit(t, dir, "audit/findings.jsonl", `\A\{"class":"lost".*\n`, "")
		}},
		{what: "a lost write forgotten", checks: []string{results.CheckLosses}, bundle: func(b *results.Bundle) {
			b.Run.Audit.Lost--
		}},
		{what: "a read-back value altered", checks: []string{results.CheckLosses}, file: func(t *testing.T, dir string) {
			edit(t, dir, "audit/reads.jsonl", `("key":"slotstorm:audit:counter:0",.*"final":true.*"value":")\d+"`, `${1}1"`)
		}},
		{what: "an acknowledged write removed from the ledger", checks: []string{results.CheckLosses}, file: func(t *testing.T, dir string) {
			edit(t, dir, "audit/ledger.jsonl", `(?m)^\{"seq":40,.*"outcome":"ok".*\n`, "")
		}},
	}
}

func liesOfTakeovers() []lie {
	return []lie{
		{what: "a promotion removed from the events", checks: []string{results.CheckLog}, file: func(t *testing.T, dir string) {
			edit(t, dir, "events.jsonl", `(?m)^.*"kind":"(election-won|promoted)".*"node":"node-4".*\n`, "")
		}},
		{what: "a failover removed from the report", checks: []string{results.CheckPromotions, results.CheckOwners}, report: func(s *results.Summary) {
			s.Failovers = s.Failovers[1:]
		}},
		{what: "another winner in the report", checks: []string{results.CheckPromotions, results.CheckOwners}, report: func(s *results.Summary) {
			s.Failovers[1].To = "node-5"
		}},
		{what: "a promotion made earlier", checks: []string{results.CheckPromotions}, report: func(s *results.Summary) {
			for i, step := range s.Failovers[1].Steps {
				if step.Name == results.StepPromoted {
					s.Failovers[1].Steps[i].At /= 2
				}
			}
		}},
		{what: "a FAIL made earlier", checks: []string{results.CheckFailMarks}, report: func(s *results.Summary) {
			for i, step := range s.Failovers[1].Steps {
				if step.Name == results.StepFail {
					s.Failovers[1].Steps[i].At /= 2
				}
			}
		}},
		{what: "a promotion cut from a log", checks: []string{results.CheckLog, results.CheckPromotions}, file: func(t *testing.T, dir string) {
			edit(t, dir, "nodes/node-3.log", `(?m)^.*Failover election won.*\n`, "")
		}},
		{what: "a FAIL cut from a log", checks: []string{results.CheckLog}, file: func(t *testing.T, dir string) {
			edit(t, dir, "nodes/node-5.log", `(?m)^.*(FAIL message received|Marking node).*\n`, "")
		}},
		{what: "an outage shortened at its end", checks: []string{results.CheckOutages}, bundle: func(b *results.Bundle) {
			o := longest(b, 0)
			o.To -= (o.To - o.From) / 10
		}},
		{what: "an outage shortened at its beginning", checks: []string{results.CheckOutages}, bundle: func(b *results.Bundle) {
			o := longest(b, 0)
			o.From += (o.To - o.From) / 10
		}},
		{what: "an outage removed", checks: []string{results.CheckOutages}, bundle: func(b *results.Bundle) {
			b.Run.ProbeOutages = slices.DeleteFunc(b.Run.ProbeOutages, func(o results.Outage) bool { return o.Shard == 0 })
		}},
	}
}

// longest is the longest outage of a shard.
func longest(b *results.Bundle, shard int) *results.Outage {
	var found *results.Outage
	for i, o := range b.Run.ProbeOutages {
		if o.Shard == shard && (found == nil || o.To-o.From > found.To-found.From) {
			found = &b.Run.ProbeOutages[i]
		}
	}
	return found
}

func liesOfServers() []lie {
	return []lie{
		{what: "a restart removed from the events", checks: []string{results.CheckRestarts}, bundle: func(b *results.Bundle) {
			started := 0
			b.Events = slices.DeleteFunc(b.Events, func(e results.Event) bool {
				if e.Kind == results.EventNodeStart && e.Node == "node-0" {
					started++
				}
				return e.Kind == results.EventNodeStart && e.Node == "node-0" && started == 2
			})
		}},
		{what: "requests that the servers had and the report does not", checks: []string{results.CheckRequests}, file: func(t *testing.T, dir string) {
			edit(t, dir, "nodes/node-2.info.jsonl", `(?m)(^\{"moment":"(?:after load|settled)".*cmdstat_get:calls=)`, "${1}1")
		}},
		{what: "refusals that the report does not have", checks: []string{results.CheckErrors}, file: func(t *testing.T, dir string) {
			edit(t, dir, "nodes/node-2.info.jsonl", `(?m)(^\{"moment":"(?:after load|settled)".*# Errorstats\\n)`, "${1}errorstat_OOM:count=90000\\n")
		}},
		{what: "a replica ahead of its primary", checks: []string{results.CheckReplication}, file: func(t *testing.T, dir string) {
			edit(t, dir, "nodes/node-5.info.jsonl", `(?m)(^\{"moment":"settled".*\\nslave_repl_offset:)`, "${1}9")
		}},
		{what: "a full resynchronisation that no primary counted", checks: []string{results.CheckReplication}, file: func(t *testing.T, dir string) {
			edit(t, dir, "nodes/node-4.log", `(?m)^(.*Full resync from master.*\n)`, "$1$1$1$1$1$1$1")
		}},
		{what: "another owner at the end", checks: []string{results.CheckOwners}, file: func(t *testing.T, dir string) {
			edit(t, dir, "nodes/node-2.after.txt", ` 0-5460\n`, "\n")
			edit(t, dir, "nodes/node-2.after.txt", `(10922-16383)`, "$1 0-5460")
		}},
		{what: "a lower config epoch", checks: []string{results.CheckOwners}, file: func(t *testing.T, dir string) {
			edit(t, dir, "nodes/node-1.after.txt", ` \d+ connected 10922-16383`, " 0 connected 10922-16383")
		}},
	}
}

// Two primaries of one shard at the end fail the run: they are no disagreement of the report with
// the servers, whose own views differ.
func TestTwoPrimariesAtTheEnd(t *testing.T) {
	dir := recorded(t)
	edit(t, dir, "nodes/node-0.after.txt", `(?m)^(\S+ \S+ )myself,slave \S+ (\d+ \d+ )\d+ connected$`, "${1}myself,master - ${2}1 connected 0-5460")
	edit(t, dir, "nodes/node-0.after.txt", `(?m)^(\S+ 127\.0\.1\.4\S+ )master (- \d+ \d+ \d+) connected 0-5460$`, "${1}master,fail ${2} disconnected")
	for _, healthy := range []bool{false, true} {
		b, err := results.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		b.Run.HealthyAfter = healthy
		s, err := judge.Analyze(b)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(s.Checks, func(c results.Check) bool { return c.Name == results.CheckOwners })
		if want := map[bool]results.CheckResult{false: results.CheckUnchecked, true: results.CheckDisagrees}[healthy]; s.Checks[i].Result != want {
			t.Errorf("healthy %v: %+v", healthy, s.Checks[i])
		}
		if want := map[bool]results.Verdict{false: results.Fail, true: results.Inconclusive}[healthy]; s.Verdict != want {
			t.Errorf("healthy %v: %s, %q", healthy, s.Verdict, s.Reasons)
		}
	}
}

// rewriteLogs changes every line of all logs of a bundle; an empty one is left out.
func rewriteLogs(t *testing.T, dir string, change func(line string) string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "nodes", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("%d logs, %v", len(logs), err)
	}
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for line := range strings.Lines(string(text)) {
			b.WriteString(change(line))
		}
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// laterBy moves the stamp of a line of a log.
func laterBy(d time.Duration) func(line string) string {
	stamp := regexp.MustCompile(`\d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}`)
	const layout = "02 Jan 2006 15:04:05.000"
	return func(line string) string {
		return stamp.ReplaceAllStringFunc(line, func(was string) string {
			at, err := time.Parse(layout, was)
			if err != nil {
				return was
			}
			return at.Add(d).Format(layout)
		})
	}
}

// A log that a directive made silent, that is in another format or that has the time of another
// zone is no witness: it contradicts nothing, and the checks say so.
func TestLogsThatShowNothing(t *testing.T) {
	for _, tc := range []struct {
		what, limit string
		change      func(line string) string
	}{
		{"loglevel warning", "the log of node-3 has no line of level notice within the run", func(line string) string {
			if strings.Contains(line, " * ") {
				return ""
			}
			return line
		}},
		{"loglevel nothing", "the log of node-3 has no line dated within the run", func(string) string { return "" }},
		{"log-format logfmt", "the log of node-3 has no line dated within the run", func(string) string {
			return "pid=15 role=master timestamp=\"29 Nov 2026 02:22:17.000\" level=notice message=\"Failover election won: I'm the new primary.\"\n"
		}},
		{"a zone to the east", "the log of node-3 has no line dated within the run", laterBy(8 * time.Hour)},
		{"a zone to the west", "the log of node-3 has no line dated within the run", laterBy(-5 * time.Hour)},
	} {
		t.Run(tc.what, func(t *testing.T) {
			dir := recorded(t)
			rewriteLogs(t, dir, tc.change)
			b, err := results.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			s, err := judge.Analyze(b)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range s.Checks {
				if c.Result == results.CheckDisagrees {
					t.Errorf("%s: %+v", c.Name, c)
				}
				switch c.Name {
				case results.CheckLog, results.CheckPromotions, results.CheckFailMarks, results.CheckRestarts:
					if c.Result != results.CheckUnchecked || !slices.Contains(c.Limits, tc.limit) {
						t.Errorf("%s: %+v", c.Name, c)
					}
				}
			}
		})
	}
}

// A single log that shows nothing leaves its part open, and no more.
func TestOneLogThatShowsNothing(t *testing.T) {
	dir := recorded(t)
	if err := os.Truncate(filepath.Join(dir, "nodes", "node-2.log"), 0); err != nil {
		t.Fatal(err)
	}
	b, err := results.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := judge.Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Checks {
		if c.Result != results.CheckAgrees {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
	// The FAIL of one may stand in the log that is missing.
	for i, step := range s.Failovers[1].Steps {
		if step.Name == results.StepFail {
			s.Failovers[1].Steps[i].At /= 2
		}
	}
	checks := witness.Examine(b, s)
	i := slices.IndexFunc(checks, func(c results.Check) bool { return c.Name == results.CheckFailMarks })
	if checks[i].Result == results.CheckDisagrees {
		t.Errorf("%+v", checks[i])
	}
}

// A log is silent from the moment on in which a command of the run made it so.
func TestALogThatACommandMadeSilent(t *testing.T) {
	dir := recorded(t)
	rewriteLogs(t, dir, func(line string) string {
		if strings.Contains(line, "Failover election won") {
			return ""
		}
		return line
	})
	b, err := results.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range b.Run.Nodes {
		b.Run.Faults = append(b.Run.Faults, results.Fault{Name: "quiet", Node: n.Name, Injected: b.Run.LoadStart, Traits: results.Traits{Takes: results.TakesCommand}})
	}
	b.Run.Scenario = []byte(`{"timeline":{"faults":[{"name":"quiet","command":{"run":["config","SET","maxmemory","0","LOGLEVEL","warning"]}}]}}`)
	s, err := judge.Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Checks {
		if c.Result == results.CheckDisagrees || c.Name == results.CheckPromotions && !slices.Contains(c.Limits, "a command of the run changed what node-3 logs") {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
}

// A log that lacks lines does not contradict what the report has from elsewhere.
func TestALogThatLacksLines(t *testing.T) {
	dir := recorded(t)
	won := regexp.MustCompile(`(?m)^.*Failover election won.*\n`)
	logs, err := filepath.Glob(filepath.Join(dir, "nodes", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var cut []string
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if at := won.FindIndex(text); at != nil {
			cut = append(cut, strings.TrimSuffix(filepath.Base(name), ".log"))
			if err := os.WriteFile(name, text[:at[0]], 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, noted := range []bool{false, true} {
		b, err := results.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, node := range cut {
			if !noted {
				break
			}
			b.Events = append(b.Events, results.Event{Kind: results.EventLogCut, Node: node, Message: "its log may lack lines after 10:00:00.000: broken"})
		}
		s, err := judge.Analyze(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Checks {
			if c.Name != results.CheckPromotions && c.Name != results.CheckLog {
				continue
			}
			limited := slices.Contains(c.Limits, "the log of "+cut[0]+" may lack lines")
			if (c.Result == results.CheckDisagrees) == noted || limited != noted {
				t.Errorf("noted %v: %+v", noted, c)
			}
		}
		warned := slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, "its log may lack lines") })
		if warned != noted {
			t.Errorf("noted %v: warnings %q", noted, s.Warnings)
		}
	}
}
