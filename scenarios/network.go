package scenarios

import (
	"slices"
	"strings"
)

// Network is how far the parts of a deployment are from each other, from before the load
// until its end. Only the sealed room of the local provider can do that.
type Network struct {
	// Zones, such as availability zones or regions. A node stays in its zone whatever its
	// role becomes. Members of no zone are close to everything.
	Zones []Zone `yaml:"zones" json:"zones" jsonschema:"required,minItems=2,maxItems=10" hint:"minItems=write two zones or more"`
	// The distances of zones. Two zones without one are close to each other.
	Links []ZoneLink `yaml:"links" json:"links" jsonschema:"required,minItems=1,maxItems=45" hint:"minItems=write links: [{between: [a, b], latency: 1ms}]"`
}

// Zone is a set of nodes and clients that are close to each other.
type Zone struct {
	// Lower case letters, digits and '-'; unique among the zones.
	Name string `yaml:"name" json:"name" jsonschema:"required,format=label"`
	// Nodes, by their roles before the load, and clients: shard 0, primary of shard 1,
	// replicas of shard 1, all replicas, node-3, generator 0, generators, probes, clients.
	Members []Party `yaml:"members" json:"members" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write members: [shard 0, generators]"`
}

// ZoneLink is the distance of two zones.
type ZoneLink struct {
	// The names of two zones.
	Between []string `yaml:"between" json:"between" jsonschema:"required,minItems=2,maxItems=2"`
	// The delay of a packet, in each direction: a round trip takes twice as long.
	Latency Duration `yaml:"latency" json:"latency" jsonschema:"required,minimum=100us,maximum=1m"`
	// How much the delay varies, as in a delay fault with the distribution normal.
	Jitter Duration `yaml:"jitter,omitempty" json:"jitter,omitempty" jsonschema:"minimum=0s,maximum=1m"`
}

// Name is that of the condition that the link is: "a-b".
func (l ZoneLink) Name() string { return strings.Join(l.Between, "-") }

// zone is the one with a name.
func (n *Network) zone(name string) (Zone, bool) {
	i := slices.IndexFunc(n.Zones, func(z Zone) bool { return z.Name == name })
	if i < 0 {
		return Zone{}, false
	}
	return n.Zones[i], true
}

// Conditions are the links as delays that last for a time.
func (n *Network) Conditions(lasts Duration) []Fault {
	var list []Fault
	if n == nil {
		return nil
	}
	for _, l := range n.Links {
		one, _ := n.zone(l.Between[0])
		other, _ := n.zone(l.Between[1])
		list = append(list, Fault{Name: l.Name(), Engine: "auto", Duration: lasts, Delay: &Delay{
			Between: one.Members, And: other.Members, Direction: "both", Traffic: "all", Latency: l.Latency, Jitter: l.Jitter, Distribution: "normal",
		}})
	}
	return list
}
