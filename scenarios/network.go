package scenarios

import (
	"fmt"
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

func (d *document) validateNetwork(s *Scenario) {
	n := s.Cluster.Network
	if n == nil {
		return
	}
	if s.Cluster.Provider != "local" {
		d.reject("cluster.network", []string{"cluster.provider"}, "leave it out, or set cluster.provider: local", "slotstorm can delay packets only in the sealed room of the local provider")
	}
	names, members := map[string]string{}, map[Party]string{}
	for i, z := range n.Zones {
		at := fmt.Sprintf("cluster.network.zones[%d]", i)
		if first, ok := names[z.Name]; ok {
			d.reject(at+".name", nil, "", "%q is the name of %s too", z.Name, first)
		} else {
			names[z.Name] = at
		}
		for j, p := range z.Members {
			d.validateMember(s, p, fmt.Sprintf("%s.members[%d]", at, j), members)
		}
	}
	d.validateLinks(n)
}

// validateMember wants members that mean the same nodes each time they are looked up,
// and none of them twice.
func (d *document) validateMember(s *Scenario, p Party, at string, seen map[Party]string) {
	switch first, twice := seen[p]; {
	case p.Clients == Rest:
		d.reject(at, nil, "name them", "a zone cannot have the rest")
	case p.Clients == OneGenerator && p.Generator >= s.Workload.Generators:
		d.reject(at, []string{"workload.generators"}, "set workload.generators: they count from 0", "there is no generator %d", p.Generator)
	case p.Clients == "" && (p.random() && !(p.Target.By == ByShard && p.Target.Shard != AnyShard && s.Redis.ReplicasPerShard == 1) || p.Target.Count == Minority || p.Target.Count == Majority || p.Target.By == ByHottest):
		d.reject(at, []string{"redis.replicasPerShard"}, "name the nodes: primary of shard 0, replicas of shard 0, shard 1, or node-3", "%s does not say which node is in the zone", p)
	case twice:
		d.reject(at, nil, "", "%s is in %s too", p, first)
	case p.Clients == "":
		d.validateTarget(s, p.Target, at, "name")
	}
	seen[p] = at
}

func (d *document) validateLinks(n *Network) {
	pairs := map[string]string{}
	for i, l := range n.Links {
		at := fmt.Sprintf("cluster.network.links[%d]", i)
		if len(l.Between) != 2 {
			continue // noted already
		}
		for j, name := range l.Between {
			if _, ok := n.zone(name); !ok {
				d.reject(fmt.Sprintf("%s.between[%d]", at, j), []string{"cluster.network.zones"}, "name one of cluster.network.zones", "there is no zone %q", clip(name))
			}
		}
		if l.Between[0] == l.Between[1] {
			d.reject(at+".between", nil, "name two zones", "a zone has no distance to itself")
		}
		pair := strings.Join(slices.Sorted(slices.Values(l.Between)), "-")
		if first, ok := pairs[pair]; ok {
			d.reject(at+".between", nil, "", "%s has the same two zones", first)
		} else {
			pairs[pair] = at
		}
		if l.Jitter > l.Latency {
			d.reject(at+".jitter", []string{at + ".latency"}, "", "%s is above latency, %s", l.Jitter, l.Latency)
		}
	}
}
