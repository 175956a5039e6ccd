package facts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// leastStories is how many stories there are to be.
const leastStories = 40

// TestStories derives the facts of each story of testdata/stories. testdata/README.md
// describes their format.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) < leastStories {
		t.Fatalf("%d stories, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			evidence, _, ok := strings.Cut(string(text), "\n---\n")
			if !ok {
				t.Fatal("it has no line --- before what is expected")
			}
			b, err := readStory(evidence)
			if err != nil {
				t.Fatal(err)
			}
			fixture.Golden(t, filepath.Join("stories", filepath.Base(file)), []byte(evidence+"\n---\n"+tellStory(New(b, fixture.Scenario(t)))))
		})
	}
}

// story is a bundle in the making.
type story struct {
	bundle *results.Bundle
	polled bool
	// unassumed: the first polls are among the events.
	unassumed bool
}

// readStory makes a bundle of the evidence of a story.
func readStory(text string) (*results.Bundle, error) {
	s := &story{bundle: &results.Bundle{}, polled: true}
	s.cluster(3, 1)
	s.bundle.Run.LoadStart, s.bundle.Run.LoadEnd, s.bundle.Run.End = second("2"), second("60"), second("60")
	s.bundle.Run.Phases = []results.PhaseWindow{{Name: "all", From: second("5"), To: second("60")}}
	for n, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.line(words); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	switch {
	case s.unassumed:
	case s.polled:
		s.bundle.Events = append(s.baseline(), s.bundle.Events...)
	default:
		s.bundle.Events = slices.DeleteFunc(s.bundle.Events, func(e results.Event) bool {
			return e.Kind == results.EventSlotsGained || e.Kind == results.EventSlotsLost || e.Kind == results.EventFollows
		})
	}
	slices.SortStableFunc(s.bundle.Events, func(x, y results.Event) int { return int(x.Offset - y.Offset) })
	return s.bundle, nil
}

// second is a number of seconds; a story that has another text fails where it matters.
func second(text string) results.Duration {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return -1
	}
	return results.DurationOf(time.Duration(v*1e6) * time.Microsecond)
}

func (s *story) line(words []string) error {
	switch words[0] {
	case "cluster":
		shards, err1 := strconv.Atoi(words[1])
		replicas, err2 := strconv.Atoi(words[2])
		if err1 != nil || err2 != nil {
			return fmt.Errorf("%q is no cluster", words)
		}
		s.cluster(shards, replicas)
	case "joins":
		return s.joins(words[1], words[2:])
	case "server":
		s.bundle.Run.Versions.Server = results.Server{Product: words[1], Version: words[2]}
	case "old-bundle":
		s.polled = false
	case "first-polls":
		s.unassumed = true
	case "fault":
		return s.fault(words[1], words[2:])
	case "step":
		return s.step(words[1:])
	case "outage":
		return s.outage(words[1:])
	case "refusal":
		return s.refusal(words[1:])
	case "ledger":
		return s.ledger(words[1:])
	default:
		return s.event(words)
	}
	return nil
}

// cluster lays out nodes: node-0 and so on, the primaries first.
func (s *story) cluster(shards, replicas int) {
	r := &s.bundle.Run
	r.Shards, r.Nodes = nil, nil
	for i := range shards {
		first, last := i*16384/shards, (i+1)*16384/shards-1
		r.Shards = append(r.Shards, results.Shard{Index: i, Slots: fmt.Sprintf("%d-%d", first, last), Primary: fmt.Sprintf("node-%d", i)})
	}
	for i := range shards * (1 + replicas) {
		name, role := fmt.Sprintf("node-%d", i), "replica"
		if i < shards {
			role = "primary"
		}
		r.Nodes = append(r.Nodes, results.Node{Name: name, Shard: i % shards, Role: role})
		r.Shards[i%shards].Nodes = append(r.Shards[i%shards].Nodes, name)
	}
}

// joins reads: joins NODE SLOTS ...: a node that is not in the cluster at the start, and the slots
// of its shard.
func (s *story) joins(node string, slots []string) error {
	r := &s.bundle.Run
	theirs, err := results.ParseSlots(strings.Join(slots, " "))
	for i := range r.Shards {
		sh := &r.Shards[i]
		had, perr := results.ParseSlots(sh.Slots)
		err = errors.Join(err, perr)
		sh.First, sh.Slots = &had, had.Minus(theirs).String()
	}
	r.Nodes = append(r.Nodes, results.Node{Name: node, Shard: len(r.Shards), Role: results.RoleAbsent})
	r.Shards = append(r.Shards, results.Shard{Index: len(r.Shards), Slots: theirs.String(), First: &results.Slots{}, Nodes: []string{node}})
	return err
}

// baseline is what the first polls show.
func (s *story) baseline() []results.Event {
	var list []results.Event
	for _, sh := range s.bundle.Run.Shards {
		slots, err := results.ParseSlots(sh.Slots)
		if err != nil {
			panic(err)
		}
		if sh.First != nil {
			slots = *sh.First
		}
		if len(slots) == 0 {
			continue
		}
		list = append(list, results.Event{Offset: second("2"), Kind: results.EventSlotsGained, Source: "poll", Node: sh.Primary, Slots: slots, Epoch: int64(sh.Index + 1)})
		for _, n := range sh.Nodes[1:] {
			list = append(list, results.Event{Offset: second("2"), Kind: results.EventFollows, Source: "poll", Node: n, About: sh.Primary})
		}
	}
	return list
}

// options splits key=value words.
func options(words []string) (map[string]string, error) {
	list := map[string]string{}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, fmt.Errorf("%q is no key=value", w)
		}
		list[key] = value
	}
	return list, nil
}

// traits are what faults take, by kind.
var traits = map[string]results.Traits{
	"kill":    {Takes: results.TakesProcess, Deposes: true, Signal: "SIGKILL"},
	"delete":  {Takes: results.TakesProcess, Deposes: true, Deletes: true, Signal: "SIGKILL"},
	"term":    {Takes: results.TakesProcess, Deposes: true, Asked: true, Signal: "SIGTERM"},
	"restart": {Takes: results.TakesProcess, Deposes: true, Gradual: true, Rolls: true, Asked: true},
	"pause":   {Takes: results.TakesTime, Lasts: true, Deposes: true, Signal: "SIGSTOP"},
	"cpu":     {Takes: results.TakesTime, Lasts: true},
	"isolate": {Takes: results.TakesNetwork, Lasts: true, Deposes: true, Disconnects: true},
	"delay":   {Takes: results.TakesNetwork, Lasts: true},
	// Clients and polls may still reach a node that a partition cuts off.
	"partition": {Takes: results.TakesNetwork, Lasts: true, Disconnects: true},
	"command":   {Takes: results.TakesCommand},
	"setting":   {Takes: results.TakesCommand, Lasts: true}, // with undo
	"exec":      {Takes: results.TakesUnknown},
	"vm":        {Takes: results.TakesUnknown, Lasts: true}, // with heal
	"failover":  {Takes: results.TakesRole, Deposes: true, Asked: true},
	"reshard":   {Takes: results.TakesSlots, Asked: true},
	"scale":     {Takes: results.TakesSlots, Asked: true},
}

// fault reads: fault NAME KIND NODES from=SECONDS to=SECONDS. Roles are those at the
// start, or follow a node after a slash.
func (s *story) fault(name string, words []string) error {
	o, err := options(words[2:])
	f := results.Fault{Name: name, Kind: words[0], Traits: traits[words[0]], Status: results.StatusHealed, Planned: second(o["from"]), Injected: second(o["from"])}
	f.Proved = f.Injected + second("0.01")
	if o["proved"] != "" {
		f.Proved = second(o["proved"])
	}
	if o["to"] != "" {
		f.Released, f.Restored, f.Verified = second(o["to"]), second(o["to"]), second(o["to"])+second("1")
	}
	if f.Takes == results.TakesCommand {
		f.Released = f.Proved // nothing ends it but its own end
	}
	for node := range strings.SplitSeq(words[1], ",") {
		node, role, _ := strings.Cut(node, "/")
		for _, n := range s.bundle.Run.Nodes {
			if n.Name == node {
				if role == "" {
					role = n.Role
				}
				f.Nodes = append(f.Nodes, results.Hit{Node: node, Shard: n.Shard, Role: role})
			}
		}
	}
	if o["slots"] != "" {
		slots, err := results.ParseSlots(o["slots"])
		if err != nil || len(f.Nodes) != 2 {
			return fmt.Errorf("%q moves no slots: %w", words, err)
		}
		m := results.SlotMove{From: f.Nodes[0].Shard, To: f.Nodes[1].Shard, Asked: slots, Slots: slots}
		if f.Kind == "scale" {
			f.Scaled = &results.Scaling{Moves: []results.SlotMove{m}}
		} else {
			f.Moved = &m
		}
	}
	f.Node, f.Shard, f.Role = f.Nodes[0].Node, f.Nodes[0].Shard, f.Nodes[0].Role
	s.bundle.Run.Faults = append(s.bundle.Run.Faults, f)
	return err
}

// step reads: step KIND NODE from=SECONDS to=SECONDS replica=NODE.
func (s *story) step(words []string) error {
	o, err := options(words[2:])
	if s.bundle.Run.Upgrade == nil {
		s.bundle.Run.Upgrade = &results.Upgrade{Forward: results.Roll{Status: results.RollDone, Began: second(o["from"]), Ended: second("60")}}
	}
	r := &s.bundle.Run.Upgrade.Forward
	r.Steps = append(r.Steps, results.UpgradeStep{Kind: words[0], Node: words[1], To: o["replica"], Began: second(o["from"]), Whole: second(o["to"])})
	return err
}

// outage reads: outage SHARD from=SECONDS to=SECONDS by=NODE; without by it is open.
func (s *story) outage(words []string) error {
	o, err := options(words[1:])
	shard, err2 := strconv.Atoi(words[0])
	if err != nil || err2 != nil {
		return fmt.Errorf("%q is no outage", words)
	}
	s.bundle.Run.ProbeOutages = append(s.bundle.Run.ProbeOutages, results.Outage{Shard: shard, From: second(o["from"]), To: second(o["to"]), Uncertainty: second("0.005"), Node: o["by"], Open: o["by"] == ""})
	return nil
}

// refusal reads: refusal CLASS by=NODE from=SECONDS to=SECONDS, in the outage before it.
func (s *story) refusal(words []string) error {
	o, err := options(words[1:])
	list := s.bundle.Run.ProbeOutages
	if err != nil || len(list) == 0 {
		return fmt.Errorf("%q is no refusal in an outage", words)
	}
	last := &list[len(list)-1]
	last.Refusals = results.AddRefusal(last.Refusals, results.Refusal{Node: o["by"], Class: words[0], Count: 1, From: second(o["from"]), To: second(o["to"])})
	return nil
}

// ledger reads: ledger SHARD by=NODE from=SECONDS to=SECONDS: a write in every 50 ms.
func (s *story) ledger(words []string) error {
	o, err := options(words[1:])
	shard, err2 := strconv.Atoi(words[0])
	if err != nil || err2 != nil {
		return fmt.Errorf("%q is no part of a ledger", words)
	}
	for at := second(o["from"]); at < second(o["to"]); at += second("0.05") {
		s.bundle.Writes = append(s.bundle.Writes, results.Write{Shard: shard, Node: o["by"], Sent: at - second("0.001"), Done: at, Outcome: "ok"})
	}
	return nil
}

// sourceOf is what shows an event of a kind, unless the story says otherwise, and what it
// is exact to.
func sourceOf(kind string) (source, exact string) {
	switch kind {
	case results.EventNodeExit, results.EventNodeReady, results.EventNodeStart:
		return "supervisor", "0"
	case results.EventPFail, results.EventSlotsGained, results.EventSlotsLost, results.EventFollows, results.EventPromoted, results.EventDemoted, results.EventEpoch,
		results.EventLinkUp, results.EventLinkDown, results.EventUnreachable, results.EventReachable:
		return "poll", "0.02"
	}
	return "log", "0.001"
}

// event reads: SECONDS NODE KIND ABOUT key=value: a node, slots or a mode as its ABOUT.
func (s *story) event(words []string) error {
	if len(words) < 3 || second(words[0]) < 0 {
		return fmt.Errorf("%q is no event", words)
	}
	e := results.Event{Offset: second(words[0]), Node: words[1], Kind: words[2]}
	var exact string
	e.Source, exact = sourceOf(e.Kind)
	e.Uncertainty = second(exact)
	for _, w := range words[3:] {
		key, value, ok := strings.Cut(w, "=")
		switch {
		case !ok && strings.HasPrefix(w, "node-"):
			e.About = w
		case !ok && e.Kind == results.EventAsked:
			e.Mode = results.Mode(w)
		case !ok:
			slots, err := results.ParseSlots(w)
			if err != nil {
				return err
			}
			e.Slots = e.Slots.Plus(slots)
		case key == "epoch":
			n, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			e.Epoch = int64(n)
		case key == "by":
			e.Source = value
		case key == "exact":
			e.Uncertainty = second(value)
		}
	}
	s.bundle.Events = append(s.bundle.Events, e)
	return nil
}
