package audit

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/slotstorm/slotstorm/results"
)

// Picture is a visualisation of some keys' histories: one HTML page.
type Picture struct {
	// Name is its path in the bundle.
	Name string
	HTML []byte
}

const (
	// keyBudget bounds the search for one key. A history of 64 writes takes
	// milliseconds, unless many of them had no answer.
	keyBudget = time.Second
	// pictured keys of each kind are shown; more make a page that no browser
	// likes.
	pictured = 8
)

// Linearize asks porcupine whether each register, counter and list behaved as if
// there were one copy of it: its writes, the reads from whoever served it, and
// the read-back. Reads from replicas are left out, for they promise nothing.
//
// It is for information and no verdict: replication in Redis is asynchronous, and
// whoever loses an acknowledged write is not linearizable. The search is
// exponential at worst; what is not done within the budget is unknown, so that
// the answer may differ from one machine to another.
func Linearize(b *results.Bundle, budget time.Duration) (*results.Linearizability, []Picture, error) {
	deadline := time.Now().Add(budget)
	var l results.Linearizability
	var pictures []Picture
	byKind := map[string][]checked{}
	for _, h := range histories(b) {
		if h.kind == results.KindOnce || h.cut {
			continue
		}
		c := checked{history: h, operations: operations(h), result: porcupine.Unknown}
		if left := min(time.Until(deadline), keyBudget); left > 0 {
			c.result = porcupine.CheckOperationsTimeout(model(h.kind), c.operations, left)
		}
		switch c.result {
		case porcupine.Ok:
			l.Linearizable++
		case porcupine.Illegal:
			l.Illegal++
		default:
			l.Unknown++
		}
		byKind[h.kind] = append(byKind[h.kind], c)
	}
	for _, kind := range []string{results.KindRegister, results.KindCounter, results.KindList} {
		if len(byKind[kind]) == 0 {
			continue
		}
		p, err := draw(kind, byKind[kind])
		if err != nil {
			return nil, nil, err
		}
		pictures = append(pictures, p)
		l.Files = append(l.Files, p.Name)
	}
	if len(l.Files) == 0 {
		return nil, nil, nil
	}
	return &l, pictures, nil
}

type checked struct {
	history    *history
	operations []porcupine.Operation
	result     porcupine.CheckResult
}

// draw shows the keys that are worth a look: those that are not linearizable,
// those of which it is not known, and those with the longest histories.
func draw(kind string, keys []checked) (Picture, error) {
	rank := map[porcupine.CheckResult]int{porcupine.Illegal: 0, porcupine.Unknown: 1, porcupine.Ok: 2}
	slices.SortStableFunc(keys, func(x, y checked) int {
		return cmp.Or(cmp.Compare(rank[x.result], rank[y.result]), cmp.Compare(len(y.operations), len(x.operations)))
	})
	var all []porcupine.Operation
	for _, k := range keys[:min(pictured, len(keys))] {
		all = append(all, k.operations...)
	}
	m := model(kind)
	m.Partition = partition
	_, info := porcupine.CheckOperationsVerbose(m, all, keyBudget)
	var page bytes.Buffer
	if err := porcupine.Visualize(m, info, &page); err != nil {
		return Picture{}, fmt.Errorf("drawing the histories of %ss: %w", kind, err)
	}
	return Picture{Name: "audit/linearizability-" + kind + ".html", HTML: page.Bytes()}, nil
}

func partition(all []porcupine.Operation) [][]porcupine.Operation {
	byKey := map[string]int{}
	var parts [][]porcupine.Operation
	for _, o := range all {
		key := o.Input.(call).key
		at, ok := byKey[key]
		if !ok {
			at = len(parts)
			byKey[key] = at
			parts = append(parts, nil)
		}
		parts[at] = append(parts[at], o)
	}
	return parts
}

// call and outcome are an operation's input and output. An outcome that is not
// known fits any state.
type call struct {
	key, value string
	read       bool
}

type outcome struct {
	known bool
	text  string
}

// The rows of a picture: writes one after the other, reads, and for each write
// without an answer a row of its own.
const (
	rowWrites = iota
	rowReads
	rowUnknown
)

// operations are what porcupine judges. A write without an answer may
// take effect at any time after it was sent, also after everything else: that is
// the same as never.
func operations(h *history) []porcupine.Operation {
	var list []porcupine.Operation
	end := results.Duration(0)
	add := func(row int, in call, out outcome, sent, done results.Duration) {
		end = max(end, done)
		list = append(list, porcupine.Operation{ClientId: row, Input: in, Output: out, Call: int64(sent), Return: int64(max(sent, done))})
	}
	read := func(r results.AuditRead) {
		text := strings.Join(r.Elements, " ")
		if r.Value != nil {
			text = *r.Value
		}
		add(rowReads, call{key: h.key, read: true}, outcome{true, text}, r.Sent, r.Done)
	}
	for i, w := range h.writes {
		if h.is(i, results.OK) {
			add(rowWrites, call{key: h.key, value: w.Value}, outcome{true, w.Reply}, w.Sent, w.Done)
		}
	}
	for _, r := range h.reads {
		if !r.Replica {
			read(r)
		}
	}
	if h.final != nil {
		read(*h.final)
	}
	end += results.DurationOf(time.Millisecond)
	row := rowUnknown
	for i, w := range h.writes {
		if h.unknown(i) {
			add(row, call{key: h.key, value: w.Value}, outcome{}, w.Sent, max(end, w.Sent))
			row++
		}
	}
	return list
}

// model is what one copy of a key does. Its state is what a read of it gives.
func model(kind string) porcupine.Model {
	m := porcupine.Model{
		Init:          func() any { return "" },
		DescribeState: func(s any) string { return cmp.Or(brief(s.(string)), "nothing") },
	}
	var apply func(state, value string) (next, reply string)
	switch kind {
	case results.KindRegister:
		apply = func(state, value string) (string, string) { return value, state }
	case results.KindCounter:
		apply = func(state, _ string) (string, string) {
			n, _ := strconv.Atoi(state) // "" counts as 0; reads of anything else fit no state
			next := strconv.Itoa(n + 1)
			return next, next
		}
	default:
		apply = func(state, value string) (string, string) {
			next := strings.TrimPrefix(state+" "+value, " ")
			return next, strconv.Itoa(strings.Count(next, " ") + 1)
		}
	}
	m.Step = func(s, in, out any) (bool, any) {
		state, c, o := s.(string), in.(call), out.(outcome)
		if c.read {
			return !o.known || o.text == state, state
		}
		next, reply := apply(state, c.value)
		return !o.known || o.text == reply, next
	}
	m.DescribeOperation = func(in, out any) string {
		c, o := in.(call), out.(outcome)
		got := "no answer"
		if o.known {
			got = cmp.Or(brief(o.text), "nothing")
		}
		if c.read {
			return "read: " + got
		}
		verb := map[string]string{results.KindRegister: "SET", results.KindCounter: "INCR", results.KindList: "RPUSH"}[kind]
		return strings.TrimSpace(verb+" "+brief(c.value)) + ": " + got
	}
	return m
}

// brief leaves the run's name out of values, and all but the last of a list.
func brief(text string) string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return text
	}
	last := words[len(words)-1]
	if i := strings.LastIndexByte(last, ':'); i >= 0 {
		last = "#" + last[i+1:]
	}
	if len(words) > 1 {
		return fmt.Sprintf("%d elements to %s", len(words), last)
	}
	return last
}
