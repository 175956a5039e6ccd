package facts

import "github.com/slotstorm/slotstorm/results"

// Refused is how the node that serves a shard refused its writes with an error of one
// class, before it took the first.
type Refused struct {
	Class    string
	From, To results.Duration
	// Most: that took up at least half of the time from the moment in which the node was
	// there to serve until it took a write.
	Most bool
}

// refusedFrom is how long refusals have to last at least: around a takeover every node
// answers CLUSTERDOWN for a moment.
const refusedFrom = results.Duration(100e6)

// refusedBy is how the node that ended an outage, or was to end it, refused writes from the
// moment on in which it could serve.
func refusedBy(node string, o *results.Outage, from results.Duration) []Refused {
	if o == nil {
		return nil
	}
	var list []Refused
	for _, r := range o.Refusals {
		since := max(r.From, from)
		if r.Node == node && r.To-since >= refusedFrom {
			list = append(list, Refused{Class: r.Class, From: since, To: r.To, Most: 2*(r.To-since) >= o.To-from})
		}
	}
	return list
}
