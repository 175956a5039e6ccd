package gaps

import "github.com/slotstorm/slotstorm/results"

// common gives the gaps that several generators have in common: the stretches in
// which a shard took no good write from any of them. It keeps what later gaps of
// slower generators may still meet, and no more.
type common struct {
	// sources are the generators, by shard.
	sources [][]source
}

type source struct {
	gaps []Gap
	good results.Duration
	last bool
}

func newCommon(generators, shards int) *common {
	c := &common{sources: make([][]source, shards)}
	for i := range c.sources {
		c.sources[i] = make([]source, generators)
	}
	return c
}

// add takes what a generator saw, and gives the gaps in common that are complete
// with it, by shard and in order.
func (c *common) add(generator int, g Gaps) []Gap {
	for shard, list := range c.sources {
		list[generator].good, list[generator].last = g.Good[shard], g.Last
	}
	for _, one := range g.List {
		s := &c.sources[one.Shard][generator]
		s.gaps = append(s.gaps, one)
	}
	var out []Gap
	for _, list := range c.sources {
		for {
			g, meet, ok := sweep(list)
			if !ok {
				break
			}
			if meet {
				out = append(out, g)
			}
		}
	}
	return out
}

// sweep takes the head that ends first off its queue and, if all generators have
// one, gives the stretch that the heads share. It is not ok if a gap that is
// still to come may meet the heads.
func sweep(list []source) (g Gap, meet, ok bool) {
	var end, past results.Duration
	heads, ended := 0, false
	for _, s := range list {
		if len(s.gaps) == 0 {
			past, ended = max(past, s.good), ended || s.last
			continue
		}
		if heads++; heads == 1 || s.gaps[0].To < end {
			end = s.gaps[0].To
		}
	}
	meet = heads == len(list)
	if heads == 0 || !meet && !ended && end > past {
		return Gap{}, false, false
	}
	if meet {
		g = shared(list, end)
		meet = g.To > g.From
	}
	for i, s := range list {
		if len(s.gaps) > 0 && s.gaps[0].To == end {
			list[i].gaps = s.gaps[1:]
		}
	}
	return g, meet, true
}

// shared is what the heads of all queues have in common, up to the end of the
// first to end.
func shared(list []source, end results.Duration) Gap {
	g := Gap{To: end, First: true, Open: true}
	for _, s := range list {
		h := s.gaps[0]
		g.Shard, g.From, g.First = h.Shard, max(g.From, h.From), g.First && h.First
		if h.First && h.Due > 0 && (g.Due == 0 || h.Due < g.Due) {
			g.Due = h.Due
		}
		if h.To == end {
			g.Open = g.Open && h.Open
			if h.Node != "" {
				g.Node, g.Tried = h.Node, h.Tried
			}
		}
	}
	for _, s := range list {
		h := s.gaps[0]
		// Bad writes outside of the common stretch belong to no outage.
		if h.Bad == 0 || h.FirstBad > g.To || h.LastSent < g.From && h.FirstBad < g.From {
			continue
		}
		if g.Bad == 0 {
			g.FirstBad, g.Errors = h.FirstBad, map[string]int{}
		}
		g.Bad += h.Bad
		g.FirstBad, g.LastSent = min(g.FirstBad, h.FirstBad), max(g.LastSent, h.LastSent)
		for class, n := range h.Errors {
			g.Errors[class] += n
		}
		for _, r := range h.Refusals {
			g.Refusals = results.AddRefusal(g.Refusals, r)
		}
	}
	return g
}
