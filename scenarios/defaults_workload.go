package scenarios

import (
	"fmt"
	"slices"
)

func (f *filler) workload(w *Workload) {
	s, why := shapeOf(w.Profile), func(text string) string { return text }
	if w.Profile != "" {
		why = func(string) string { return "profile " + w.Profile }
	}
	mix := w.Mix
	if f.d.values["workload.mix"] == nil {
		mix = s.mix
	}

	fill(f, "workload.generators", &w.Generators, 1, "one process drives the whole load")
	f.client(&w.Client)
	fill(f, "workload.rate", &w.Rate, Rate{PerSecond: 1000}, "little enough for any machine")
	switch {
	case w.bySockets():
	case w.Rate.Max:
		fill(f, "workload.maxInFlight", &w.MaxInFlight, 64, "clients of the closed loop")
	default:
		fill(f, "workload.arrival", &w.Arrival, "poisson", "independent users")
		fill(f, "workload.maxInFlight", &w.MaxInFlight, 1024, "a second without replies at the default rate")
	}
	fill(f, "workload.warmup", &w.Warmup, seconds(2), "connections are made and the topology is loaded")
	if len(w.Spaces) == 0 {
		f.keys(&w.Keys, s.keys, "workload.keys", mix, why)
	}
	for i := range w.Spaces {
		general := shapeOf("").keys
		general.Prefix = fmt.Sprintf("space%d:", i)
		f.keys(&w.Spaces[i].Keys, general, fmt.Sprintf("workload.spaces[%d].keys", i), mix, func(text string) string { return text })
	}
	f.values(&w.Values, s.values, why)
	fill(f, "workload.mix", &w.Mix, s.mix, why("four reads to a write"))
	for i := range w.Mix {
		path := fmt.Sprintf("workload.mix[%d].keys", i)
		switch c := &w.Mix[i]; c.Command {
		case "MGET", "MSET":
			fill(f, path, &c.Keys, new(10), "a small batch")
		case "EVALSHA":
			fill(f, path, &c.Keys, new(1), "most scripts take one")
		}
	}
	fill(f, "workload.maxSlip", &w.MaxSlip, usualSlip, "more of it would shape the latencies of most services")
	fill(f, "workload.probe.timeout", &w.Probe.Timeout, milliseconds(500), "far above a healthy reply")
	if a := w.Audit; a != nil {
		fill(f, "workload.audit.kinds", &a.Kinds, AuditKinds, "each sees losses that the others do not")
		if slices.Contains(a.Kinds, "register") {
			fill(f, "workload.audit.reads", &a.Reads, a.Rate/4, "a register's value is read about as often as it is written")
		}
	}
}

func (f *filler) client(c *Client) {
	fill(f, "workload.client.type", &c.Type, "go-redis", "the client of most Go services")
	fill(f, "workload.client.profile", &c.Profile, "default", "the options of an application that states none")
	if c.Type == "wire" {
		const at = "workload.client.wire."
		fill(f, at+"connections", &c.Wire.Connections, 8, "to each primary")
		if n := c.Wire.Clients; n > 0 {
			fill(f, at+"depth", &c.Wire.Depth, min(n, 4096), "every client finds room on a connection")
		} else {
			fill(f, at+"depth", &c.Wire.Depth, 16, "requests that are due while replies are under way do not wait")
		}
		fill(f, at+"readFrom", &c.Wire.ReadFrom, "primary", "replicas may be behind")
		fill(f, at+"cores", &c.Wire.Cores, 1, "one event loop carries some 100,000 requests per second")
		fill(f, at+"protocol", &c.Wire.Protocol, 2, "what most clients speak")
		fill(f, at+"timeout", &c.Wire.Timeout, seconds(3), "go-redis' was 3 s for long")
	}
	if c.Profile != "tuned" {
		return
	}
	const at, why = "workload.client.options.", "client profile tuned"
	o, t := &c.Options, tuned()
	if o.MinRetryBackoff == 0 && o.MaxRetryBackoff == 0 {
		fillZero(f, at+"minRetryBackoff", &o.MinRetryBackoff, t.MinRetryBackoff, why)
		fillZero(f, at+"maxRetryBackoff", &o.MaxRetryBackoff, t.MaxRetryBackoff, why)
	}
	fillZero(f, at+"dialTimeout", &o.DialTimeout, t.DialTimeout, why)
	fillZero(f, at+"readTimeout", &o.ReadTimeout, t.ReadTimeout, why)
	fillZero(f, at+"writeTimeout", &o.WriteTimeout, t.WriteTimeout, why)
	fillZero(f, at+"poolTimeout", &o.PoolTimeout, t.PoolTimeout, why)
	fillZero(f, at+"clusterStateReloadInterval", &o.ClusterStateReloadInterval, t.ClusterStateReloadInterval, why)
}

func (f *filler) keys(k *Keys, s Keys, path string, mix []Command, why func(string) string) {
	// A distribution that is stated comes without what a profile adds to its own.
	own := f.d.values[path+".distribution"] != nil
	fill(f, path+".prefix", &k.Prefix, f.own+s.Prefix, why("apart from the keys of the audit"))
	fill(f, path+".count", &k.Count, s.Count, why("some tens of MB"))
	fill(f, path+".distribution", &k.Distribution, s.Distribution, why("few keys are hot, as in most caches"))
	switch k.Distribution {
	case "zipfian":
		if s.Scrambled && !own {
			fill(f, path+".scrambled", &k.Scrambled, true, why(""))
		}
		fill(f, path+".theta", &k.Theta, 0.99, "the exponent that YCSB uses")
	case "latest":
		fill(f, path+".theta", &k.Theta, 0.99, "the exponent that YCSB uses")
	case "hotset":
		fill(f, path+".hot", &k.Hot, &HotSet{Requests: 0.8, Keys: 0.2}, "four of five requests to a fifth of the keys")
	case "gaussian":
		fill(f, path+".sigma", &k.Sigma, 0.1, "two thirds of the requests to a fifth of the keys")
	}
	if need := tagNeeded(mix); need > 0 && !hasTag(k.Prefix) {
		fill(f, path+".tag", &k.Tag, need, "the keys of one command share a slot")
	}
	fill(f, path+".elements", &k.Elements, s.Elements, why("a small record"))
}

func (f *filler) values(v *Values, s Values, why func(string) string) {
	const at = "workload.values."
	if f.own != "" {
		fill(f, at+"ttl", &v.TTL, seconds(24*60*60), "the keys go at the end of the run; these go also if slotstorm is killed")
	}
	stated := func(name string) bool { return f.d.values[at+name] != nil }
	if !stated("size") && !stated("range") && !stated("sizes") && !stated("logNormal") {
		switch {
		case s.Range != nil:
			fill(f, at+"range", &v.Range, s.Range, why(""))
		case s.LogNormal != nil:
			fill(f, at+"logNormal", &v.LogNormal, s.LogNormal, why(""))
		default:
			fill(f, at+"size", &v.Size, s.Size, why("bytes; a small record"))
		}
	}
}
