package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

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
