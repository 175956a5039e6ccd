package facts

import (
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// Span is a stretch of offsets, [from, to).
type Span struct{ From, To results.Duration }

// OutageSpans are a shard's outages within [from, to), merged and in order.
func OutageSpans(outages []results.Outage, shard int, from, to results.Duration) []Span {
	var list []Span
	for _, o := range outages {
		if o.Shard != shard {
			continue
		}
		if s := (Span{max(o.From, from), min(o.To, to)}); s.From < s.To {
			list = append(list, s)
		}
	}
	return Union(list)
}

// Union merges spans that touch.
func Union(list []Span) []Span {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Span) int { return int(a.From - b.From) })
	var out []Span
	for _, s := range list {
		if n := len(out); n > 0 && s.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// Intersection of two lists as union gives them.
func Intersection(a, b []Span) []Span {
	var out []Span
	for len(a) > 0 && len(b) > 0 {
		if s := (Span{max(a[0].From, b[0].From), min(a[0].To, b[0].To)}); s.From < s.To {
			out = append(out, s)
		}
		if a[0].To < b[0].To {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

func length(list []Span) (sum, longest results.Duration) {
	for _, s := range list {
		sum += s.To - s.From
		longest = max(longest, s.To-s.From)
	}
	return sum, longest
}

// availability sums the probes' outages over the timeline. Observed is 0 if the
// probes left no trace: then nothing is known, which is not the same as up.
func (a *Analysis) availability() results.Availability {
	from, to := a.timeline()
	var v results.Availability
	if a.probed() {
		v.Observed = to - from
	}
	var anyDown, allDown []Span
	for i, sh := range a.Run.Shards {
		spans := OutageSpans(a.Run.ProbeOutages, sh.Index, from, to)
		down, longest := length(spans)
		v.Shards = append(v.Shards, results.ShardAvailability{
			Shard: sh.Index, Outages: len(spans), Down: down, Longest: longest,
		})
		anyDown = append(anyDown, spans...)
		if i == 0 {
			allDown = spans
		} else {
			allDown = Intersection(allDown, spans)
		}
	}
	v.Any, _ = length(Union(anyDown))
	v.All, _ = length(allDown)
	return v
}

func (a *Analysis) probed() bool {
	return slices.ContainsFunc(a.Frames, func(f results.Frame) bool { return len(f.Probes) > 0 })
}
