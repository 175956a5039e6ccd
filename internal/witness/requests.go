package witness

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// requests holds the report's requests against its own records, and these against the
// servers' command statistics.
func requests(b *results.Bundle, s *results.Summary, e *evidence) results.Check {
	c := newCheck(results.CheckRequests)
	phases(c, b, s)
	histograms(c, b)
	d, ok := demanded(&b.Run)
	switch {
	case !ok:
		c.limit("the scenario's commands are not known")
	case !slices.ContainsFunc(e.nodes, func(n *node) bool { return len(n.samples) > 0 }):
		c.limit("the bundle keeps no command statistics")
	case !e.sampled && d.prefilled:
		c.limit("the command statistics before the run are from before its prefill")
	case b.Run.Interrupted != "":
		c.limit("the run was interrupted: requests under way were counted by the servers alone")
	default:
		w := weighing{check: c, b: b, d: d, e: e, counts: make([]counted, len(e.nodes))}
		for i, n := range e.nodes {
			w.counts[i] = n.counts()
			w.counts[i].shared = b.Run.Environment.Shared
			w.counts[i].imported = imports(&b.Run, n.Shard)
		}
		for _, s := range b.Run.Shards {
			if imports(&b.Run, s.Index) {
				c.limit("shard %d took slots in one step: its nodes count the writes that the source sent them, beside those of clients", s.Index)
			}
		}
		lowerBounds(c, w.counts, e.nodes)
		w.commands()
		w.shards()
	}
	return c.answer()
}

// imports reports whether a server moved slots to a shard by itself: the writes of the meantime
// come as commands.
func imports(r *results.Run, shard int) bool {
	return slices.ContainsFunc(r.Faults, func(f results.Fault) bool {
		return f.Injected > 0 && slices.ContainsFunc(f.Moves(), func(m results.SlotMove) bool { return m.Atomic && m.To == shard })
	})
}

// phases holds the load table against the frames.
func phases(c *check, b *results.Bundle, s *results.Summary) {
	second := func(at results.Duration) float64 { return (at - b.Run.LoadStart).Std().Seconds() }
	for _, p := range b.Run.Phases {
		// Phases begin and end on whole seconds of the load, but for the last one of a
		// run that was interrupted.
		from, to := int(math.Round(second(p.From))), int(math.Ceil(second(p.To)-0.002))
		sum := map[string]results.Counts{}
		for _, f := range b.Frames {
			if f.Seq < from || f.Seq >= to {
				continue
			}
			for name, n := range f.Commands {
				sum[name] = sum[name].Plus(n)
			}
		}
		for _, row := range s.Load {
			if row.Phase != p.Name || row.Command == results.All || p.Name == results.All {
				continue
			}
			of := row.Command + " in " + p.Name
			got := sum[row.Command]
			c.exactly(of+", ok", int64(row.Counts.OK), int64(got.OK))
			c.exactly(of+", hits", int64(row.Counts.Hits), int64(got.Hits))
			c.exactly(of+", misses", int64(row.Counts.Misses), int64(got.Misses))
			c.exactly(of+", not ok", int64(row.Counts.Total()-row.Counts.OK), int64(got.Total()-got.OK))
		}
	}
}

// histograms holds the frames against the histograms: each request that was ok has its
// time in both that of its command and that of its shard.
func histograms(c *check, b *results.Bundle) {
	if len(b.Intervals) == 0 {
		return
	}
	times, frames := map[cell]int64{}, map[cell]int64{}
	for _, i := range b.Intervals {
		if i.Time == results.Response {
			times[cell{i.Second, i.Command}] += i.Histogram.TotalCount()
			times[cell{i.Second, ""}] += i.Histogram.TotalCount()
		}
	}
	for _, f := range b.Frames {
		for name, n := range f.Commands {
			frames[cell{f.Seq, name}] += int64(n.OK)
		}
	}
	for _, i := range b.ShardIntervals {
		if i.Time == results.Response {
			frames[cell{i.Second, ""}] += i.Histogram.TotalCount()
		}
	}
	c.Compared++
	all := maps.Clone(times)
	maps.Copy(all, frames)
	for _, p := range slices.SortedFunc(maps.Keys(all), cell.compare) {
		switch {
		case times[p] == frames[p], p.command == "" && len(b.ShardIntervals) == 0:
			continue
		case p.command == "":
			c.differ(fmt.Sprintf("requests in second %d of the load, ok", p.second), grouped(times[p])+" by command", grouped(frames[p])+" by shard")
		default:
			c.differ(fmt.Sprintf("%s in second %d of the load, ok", p.command, p.second), grouped(frames[p])+" in the frames", grouped(times[p])+" in the histograms")
		}
		return
	}
}

// cell is a second of the load and a command; none stands for all.
type cell struct {
	second  int
	command string
}

func (p cell) compare(o cell) int {
	return cmp.Or(cmp.Compare(p.second, o.second), cmp.Compare(p.command, o.command))
}

// weighing lays the requests of a load beside what the servers counted.
type weighing struct {
	*check
	b      *results.Bundle
	d      demand
	e      *evidence
	counts []counted // of e.nodes
}

// sent is how often clients had a command executed, as slotstorm recorded it: at least
// those that were answered ok; at most also those without an answer, at each attempt.
func (w weighing) sent(command string) span {
	sum := w.loaded(command)
	for _, a := range w.audited() {
		if a.command == command {
			sum = sum.plus(a.span)
		}
	}
	if command == "set" {
		for _, s := range w.b.Run.Shards {
			sum = sum.plus(w.probed(s.Index))
		}
	}
	return sum
}

func (w weighing) loaded(command string) span {
	var sum span
	for _, f := range w.b.Frames {
		for name, n := range f.Commands {
			each := w.d.entries[name].commands[command]
			if each > 0 {
				again := int64(f.Again[name])
				sum = sum.plus(span{int64(n.OK) + again, int64(n.OK) + again + int64(n.Unknown)*w.d.attempts}.times(each))
			}
			if each > 0 && w.d.entries[name].spread {
				sum.high = unbounded
			}
		}
	}
	sum.high = min(sum.high+w.repeated(), unbounded)
	if w.d.scripted && !strings.HasPrefix(command, "eval") && !strings.HasPrefix(command, "fcall") {
		sum.high = unbounded
	}
	return sum
}

// repeated is how many attempts of requests that were ok in the end may have been
// executed too.
func (w weighing) repeated() int64 {
	most, sum := int64(1), int64(0)
	for _, e := range w.d.entries {
		for _, n := range e.commands {
			most = max(most, n)
		}
	}
	for _, f := range w.b.Frames {
		for class, n := range f.Retried {
			if !refused(class) {
				sum += int64(n) * (w.d.attempts - 1)
			}
		}
	}
	return sum * most
}

// audit is one audited request.
type audit struct {
	command string
	shard   int
	span    span
}

// audited are the requests of the audit that may have been executed. The read-back
// comes after the statistics, unless those of the end of the run stand in for them.
func (w weighing) audited() []audit {
	var list []audit
	add := func(command string, shard int, outcome string) {
		switch results.Outcome(outcome) {
		case results.OK:
			list = append(list, audit{command, shard, span{1, 1}})
		case results.Unknown:
			list = append(list, audit{command, shard, span{0, 1}})
		}
	}
	for _, a := range w.b.Writes {
		add(map[string]string{results.KindCounter: "incr", results.KindList: "rpush"}[a.Kind], a.Shard, a.Outcome)
	}
	for i := range list {
		if list[i].command == "" {
			list[i].command = "set"
		}
	}
	for _, r := range w.b.Reads {
		if r.Final && w.e.sampled {
			continue
		}
		command := "get"
		if r.Kind == results.KindList {
			command = "lrange"
		}
		add(command, r.Shard, r.Outcome)
		if r.Final {
			// It was read again until there was an answer.
			list = append(list, audit{command, r.Shard, span{0, 1}})
		}
	}
	return list
}

// probed are the probes' writes to a shard. Those after the last frame are counted by
// no frame, and each node may have had one under way when they ended.
func (w weighing) probed(shard int) span {
	var sum span
	for _, f := range w.b.Frames {
		p := f.Probes[shard]
		sum = sum.plus(span{int64(p.OK), int64(p.OK + p.Bad)})
	}
	if w.d.probeEvery > 0 {
		sum.high += unframed(w.b, shard, w.d.probeEvery) + probesAfter(w.b, w.e, w.d.probeEvery) + int64(len(w.e.nodes))
	}
	return sum
}

// unframed is how many times a shard was probed in the last second that has a frame, and not
// counted in it: the frame is taken when the last request has ended, and the probes go on.
func unframed(b *results.Bundle, shard int, every time.Duration) int64 {
	last, counted := -1, 0
	for _, f := range b.Frames {
		if f.Seq > last {
			last, counted = f.Seq, 0
		}
		if p := f.Probes[shard]; f.Seq == last {
			counted += p.OK + p.Bad
		}
	}
	if last < 0 || counted == 0 {
		return 0
	}
	return max(0, int64(time.Second/every)-int64(counted))
}

// probesAfter is how many times a node was probed, an interval apart, after the last frame
// and before its last statistics.
func probesAfter(b *results.Bundle, e *evidence, every time.Duration) int64 {
	last := -1
	for _, f := range b.Frames {
		if f.Generator == 0 {
			last = max(last, f.Seq)
		}
	}
	end := b.Run.LoadEnd
	for _, n := range e.nodes {
		for _, s := range n.samples {
			if s.moment == results.MomentAfter {
				end = max(end, s.answered)
			}
		}
	}
	after := (end - b.Run.LoadStart).Std() - time.Duration(last+1)*time.Second
	return int64(max(after, 0) / every)
}

// commands holds each command against the sum of all nodes.
func (w weighing) commands() {
	names := map[string]bool{}
	for _, e := range w.d.entries {
		for name := range e.commands {
			names[name] = true
		}
	}
	for _, a := range w.audited() {
		names[a.command] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		var served span
		for _, n := range w.counts {
			served = served.plus(n.executed(name))
		}
		w.compare(strings.ToUpper(name)+", executed", w.sent(name), served)
	}
}

// shards holds all commands of the mix together against the nodes of each shard.
func (w weighing) shards() {
	if len(w.b.ShardIntervals) == 0 || !w.d.single {
		return
	}
	for _, shard := range w.b.Run.Shards {
		if why := w.e.strayed(shard); why != "" {
			w.limit("requests by shard: %s", why)
			return
		}
	}
	mix := map[string]bool{}
	unsure := w.repeated()
	for _, e := range w.d.entries {
		for name := range e.commands {
			mix[name] = true
		}
	}
	for _, f := range w.b.Frames {
		for name, n := range f.Commands {
			unsure += int64(n.Unknown)*w.d.attempts + int64(f.Again[name])
		}
	}
	for _, shard := range w.b.Run.Shards {
		sent := span{0, unsure}
		for _, i := range w.b.ShardIntervals {
			if i.Time == results.Response && i.Shard == shard.Index {
				n := i.Histogram.TotalCount()
				sent = sent.plus(span{n, n})
			}
		}
		for _, a := range w.audited() {
			if a.shard == shard.Index && mix[a.command] {
				sent = sent.plus(a.span)
			}
		}
		if mix["set"] {
			sent = sent.plus(w.probed(shard.Index))
		}
		var served span
		for i, n := range w.e.nodes {
			for name := range mix {
				if n.Shard == shard.Index {
					served = served.plus(w.counts[i].executed(name))
				}
			}
		}
		w.compare(fmt.Sprintf("requests to shard %d, executed", shard.Index), sent, served)
	}
}
