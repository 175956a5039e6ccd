package report

import (
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// span is a stretch of offsets, [from, to).
type span struct{ from, to results.Duration }

// outageSpans are a shard's outages within [from, to), merged and in order.
func outageSpans(outages []results.Outage, shard int, from, to results.Duration) []span {
	var list []span
	for _, o := range outages {
		if o.Shard != shard {
			continue
		}
		if s := (span{max(o.From, from), min(o.To, to)}); s.from < s.to {
			list = append(list, s)
		}
	}
	return union(list)
}

// union merges spans that touch.
func union(list []span) []span {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b span) int { return int(a.from - b.from) })
	var out []span
	for _, s := range list {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// intersection of two lists as union gives them.
func intersection(a, b []span) []span {
	var out []span
	for len(a) > 0 && len(b) > 0 {
		if s := (span{max(a[0].from, b[0].from), min(a[0].to, b[0].to)}); s.from < s.to {
			out = append(out, s)
		}
		if a[0].to < b[0].to {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

func length(list []span) (sum, longest results.Duration) {
	for _, s := range list {
		sum += s.to - s.from
		longest = max(longest, s.to-s.from)
	}
	return sum, longest
}

// availability sums the probes' outages over the timeline. Observed is 0 if the
// probes left no trace: then nothing is known, which is not the same as up.
func (a *analysis) availability() results.Availability {
	from, to := a.timeline()
	var v results.Availability
	if a.probed() {
		v.Observed = to - from
	}
	var anyDown, allDown []span
	for i, sh := range a.Run.Shards {
		spans := outageSpans(a.Run.ProbeOutages, sh.Index, from, to)
		down, longest := length(spans)
		v.Shards = append(v.Shards, results.ShardAvailability{
			Shard: sh.Index, Outages: len(spans), Down: down, Longest: longest,
		})
		anyDown = append(anyDown, spans...)
		if i == 0 {
			allDown = spans
		} else {
			allDown = intersection(allDown, spans)
		}
	}
	v.Any, _ = length(union(anyDown))
	v.All, _ = length(allDown)
	return v
}

func (a *analysis) probed() bool {
	return slices.ContainsFunc(a.Frames, func(f results.Frame) bool { return len(f.Probes) > 0 })
}
