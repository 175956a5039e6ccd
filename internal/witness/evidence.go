package witness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// node is what the bundle keeps of one node.
type node struct {
	results.Node
	// log are the known lines of its log; whole says that it begins with the first
	// start of the server, and hasLog that there is one. On Kubernetes the log of a pod
	// goes with it, perhaps before it was copied: there a whole log has every start.
	log           []logLine
	whole, hasLog bool
	// blur is within what span the clock that dated the log is known.
	blur results.Duration
	// mute is why it proves nothing by what it lacks, so that it counts as not kept; empty if
	// nothing is known against it.
	mute string
	// samples are those of its statistics, in order of time.
	samples []sample
	// before and after are its view of the cluster; nil if it did not answer.
	before, after []view
}

// sample is a results.NodeSample as the witness reads it.
type sample struct {
	moment          string
	asked, answered results.Duration
	info            info
}

// evidence is what the servers kept.
type evidence struct {
	run   *results.Run
	nodes []*node
	// sampled says that statistics were kept around the load; without, those before
	// and after the run stand in for them.
	sampled bool
}

// named is the name of a node by its cluster id or its address; one that is unknown
// stands for itself.
func (e *evidence) named(id string) string {
	for _, n := range e.nodes {
		if id != "" && (n.ID == id || n.Addr == id) {
			return n.Name
		}
	}
	return id
}

// gather reads the files of the nodes. A file that cannot be read counts as missing: the
// checks say what they lack.
func gather(b *results.Bundle) *evidence {
	e := &evidence{run: &b.Run}
	f, err := results.OpenFolder(b.Dir)
	if err != nil {
		return e
	}
	defer f.Close()
	for _, n := range b.Run.Nodes {
		e.nodes = append(e.nodes, &node{Node: n})
	}
	silenced := silencedBy(&b.Run)
	for _, n := range e.nodes {
		switch {
		case slices.ContainsFunc(b.Events, func(ev results.Event) bool { return ev.Kind == results.EventLogCut && ev.Node == n.Name }):
			n.mute = "the log of " + n.Name + " may lack lines"
		case slices.ContainsFunc(silenced, func(h results.Hit) bool { return h.Node == n.Name }):
			n.mute = "a command of the run changed what " + n.Name + " logs"
		}
		e.read(f, n)
		n.whole = n.whole && (b.Run.Environment.Kubernetes == nil || n.starts() >= started(b, n.Name).low)
		e.sampled = e.sampled || len(n.samples) > 0
	}
	if !e.sampled {
		e.fallBack(f)
	}
	return e
}

// kept reports whether the bundle keeps anything of the servers.
func (e *evidence) kept() bool {
	return slices.ContainsFunc(e.nodes, func(n *node) bool { return n.hasLog || len(n.samples) > 0 || n.after != nil })
}

func (e *evidence) read(f *results.Folder, n *node) {
	if file, err := f.Open("nodes/" + n.Name + ".log"); err == nil {
		least, most := n.ClockAhead()
		text, err := readLog(file, e.run, (least+most)/2)
		file.Close()
		switch {
		case !text.within:
			// Another format, a file that is elsewhere, or the time of another zone.
			n.mute = "the log of " + n.Name + " has no line dated within the run"
		case most-least > results.Duration(time.Second):
			n.mute = "the clock of " + n.Name + " was set during the run"
		case most-least > edge():
			n.mute = fmt.Sprintf("the clock of %s is known to within %d ms only", n.Name, (most - least).Std().Milliseconds())
		case !text.notices && n.mute == "":
			n.mute = "the log of " + n.Name + " has no line of level notice within the run"
		}
		n.hasLog, n.blur = err == nil && n.mute == "", most-least
		if text.within {
			n.log, n.whole = text.lines, text.first
		}
	}
	for i := range n.log {
		n.log[i].about = e.named(n.log[i].about)
	}
	n.before, n.after = viewIn(f, n.Name, "before"), viewIn(f, n.Name, "after")
	if file, err := f.Open(results.SamplesFile(n.Name)); err == nil {
		n.samples = readSamples(file)
		file.Close()
	}
}

// silencedBy are the nodes whose log level or format a command of the run may have changed.
func silencedBy(run *results.Run) []results.Hit {
	var stated struct {
		Timeline struct {
			Faults []struct {
				Name    string
				Command *struct{ Run []any }
			}
		}
	}
	// A scenario of another shape states no command that is known here.
	if json.Unmarshal(run.Scenario, &stated) != nil {
		return nil
	}
	var list []results.Hit
	for _, s := range stated.Timeline.Faults {
		if s.Command == nil || !slices.ContainsFunc(s.Command.Run, shapesLog) {
			continue
		}
		for _, f := range run.Faults {
			if f.Name == s.Name && f.Injected > 0 {
				list = append(list, f.Hits()...)
			}
		}
	}
	return list
}

// shapesLog reports whether a word of a command is a directive that decides which lines a log
// has, and how they look.
func shapesLog(word any) bool {
	text, ok := word.(string)
	return ok && slices.ContainsFunc([]string{"loglevel", "log-format", "log-timestamp-format"}, func(d string) bool { return strings.EqualFold(text, d) })
}

// noLog says why a node has no log to read.
func noLog(name string, n *node) string {
	if n != nil && n.mute != "" {
		return n.mute
	}
	return "the log of " + name + " is not kept"
}

// starts counts the starts of the server that its log has.
func (n *node) starts() int64 {
	count := int64(0)
	for _, l := range n.log {
		if l.what == lineStart {
			count++
		}
	}
	return count
}

// started counts the starts of a node: those that were seen, and those that only samples show,
// of a server that started itself anew. A process that ends within a second may not have come
// to write a line.
func started(b *results.Bundle, name string) span {
	var s span
	var at results.Duration
	for _, ev := range b.Events {
		switch {
		case ev.Node != name:
		case ev.Kind == results.EventNodeStart:
			s, at = s.plus(span{1, 1}), ev.Offset
		case ev.Kind == results.EventNodeReady && ev.Source == "poll":
			s, at = s.plus(span{1, 1}), ev.Offset
		case ev.Kind == results.EventNodeExit && ev.Offset-at < millis(1000) && s.low > 0:
			s.low--
		}
	}
	return s
}

func viewIn(f *results.Folder, name, when string) []view {
	raw, err := f.ReadFile("nodes/" + name + "." + when + ".txt")
	if err != nil {
		return nil
	}
	return parseView(sections(string(raw))["CLUSTER NODES"])
}

// readSamples reads the samples of a node, up to the first line that is none.
func readSamples(r io.Reader) []sample {
	var list []sample
	dec := json.NewDecoder(bufio.NewReader(r))
	for {
		var s results.NodeSample
		if err := dec.Decode(&s); err != nil {
			return list
		}
		list = append(list, sample{s.Moment, s.Asked, s.Answered, parseInfo(s.Info)})
	}
}

// fallBack takes the statistics of before and after the run for those around the load:
// bundles of older versions keep no others.
func (e *evidence) fallBack(f *results.Folder) {
	for _, n := range e.nodes {
		for _, when := range []string{"before", "after"} {
			raw, err := f.ReadFile("nodes/" + n.Name + "." + when + ".txt")
			if errors.Is(err, fs.ErrNotExist) || err != nil {
				continue
			}
			in := parseInfo(sections(string(raw))["INFO"])
			if in["run_id"] == "" {
				continue
			}
			s := sample{moment: results.MomentBefore, info: in}
			if when == "after" {
				s.moment, s.asked, s.answered = results.MomentAfter, e.run.End, e.run.End
			}
			n.samples = append(n.samples, s)
		}
	}
}
