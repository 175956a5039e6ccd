package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// countActions gives what is wrong with a fault that states these actions.
func countActions(stated []string) (message, hint string) {
	switch len(stated) {
	case 0:
		return "has no action", "add one of " + either(kindNames())
	case 1:
		return "", ""
	}
	return "has more than one action: " + strings.Join(stated, ", "), "write one fault for each"
}

func (d *document) validateFault(s *Scenario, f Fault, path string) {
	var stated []string
	var a Action
	for _, one := range f.actions() {
		if at := join(path, one.action.Name()); d.values[at] != nil || d.bad[at] {
			stated, a = append(stated, one.action.Name()), one.action
		}
	}
	if message, hint := countActions(stated); message != "" {
		d.reject(path, nil, hint, "%s", message)
		return
	}
	d.validateDuration(f, a, path)
	if f.Engine == "chaosmesh" && s.Cluster.Provider == "local" {
		d.reject(path+".engine", []string{"cluster.provider"}, "write engine: auto, or another cluster.provider", "Chaos Mesh works on Kubernetes, and the provider is local")
	}
	at := join(path, a.Name())
	if aim := a.Aim(); aim.nodes() {
		verb := a.Name()
		if a.Traits().Takes == TakesRole {
			verb = "" // a primary would not do
		}
		d.validateTarget(s, aim.Target, at+".target", verb)
		d.validateBlast(s, f, aim.Target, path)
	} else {
		d.validateSides(s, aim.Between, aim.And, at)
	}
	a.validate(d, s.ground(), at)
}

func (d *document) validateDuration(f Fault, a Action, path string) {
	at, traits := path+".duration", a.Traits()
	switch {
	case traits.Lasts && f.Duration == 0:
		d.reject(path, []string{at}, "add duration: 10s beside "+a.Name(), "has no duration")
	case !traits.Lasts && f.Duration > 0:
		hint := "leave duration out"
		if traits.Restarts {
			hint = "leave duration out, and write how long the node stays down as away, beside its target"
		}
		if traits.Takes == TakesCommand {
			hint += ", or add undo, the command that ends the fault"
		}
		if traits.Executes {
			hint += ", or add heal, the program that ends the fault"
		}
		d.reject(at, nil, hint, "%s has no duration: it is over once it has acted", a.Name())
	}
}

// validateTarget checks that there are such nodes; verb is what could be done to a
// primary instead of a replica, if anything.
func (d *document) validateTarget(s *Scenario, t Target, at, verb string) {
	if t.Role == Replica && s.Redis.ReplicasPerShard == 0 {
		hint := "set redis.replicasPerShard"
		if verb != "" {
			hint += ", or " + verb + " a primary"
		}
		d.reject(at, []string{"redis.replicasPerShard"}, hint, "there are no replicas: redis.replicasPerShard is 0")
	}
	shards := s.allShards()
	if t.By == ByShard && t.Shard >= shards && !s.attached() {
		d.reject(at, []string{"redis.shards"}, fmt.Sprintf("the shards are 0 to %d", shards-1), "there is no shard %d", t.Shard)
	}
	if t.By == BySlot && t.Slot > 16383 {
		d.reject(at, nil, "the slots are 0 to 16383", "there is no slot %d", t.Slot)
	}
	if nodes := shards * (1 + s.Redis.ReplicasPerShard); t.By == ByNode && numberOf(t.Node) >= nodes && !s.attached() {
		d.reject(at, []string{"redis.shards", "redis.replicasPerShard"}, fmt.Sprintf("the nodes are node-0 to node-%d", nodes-1), "there is no %s", t.Node)
	}
}

func (d *document) validateSides(s *Scenario, between, and []Party, path string) {
	seen := map[Party]string{}
	for _, side := range []struct {
		name    string
		parties []Party
	}{{"between", between}, {"and", and}} {
		at := join(path, side.name)
		for i, p := range side.parties {
			here := fmt.Sprintf("%s[%d]", at, i)
			// The list is a default where the file does not state it.
			if d.values[here] == nil {
				here = path
			}
			first, twice := seen[p]
			switch {
			case p.Clients == Rest && (side.name == "between" || len(side.parties) > 1):
				d.reject(here, nil, "write rest alone, in and", "rest means everything that is not on the other side")
			case p.Clients == OneGenerator && p.Generator >= s.Workload.Generators:
				d.reject(here, []string{"workload.generators"}, "set workload.generators: they count from 0", "there is no generator %d", p.Generator)
			case twice && !p.random() && p.Clients != Rest:
				d.reject(here, nil, "", "%s is in %s too", p, first)
			case p.Clients == "":
				d.validateTarget(s, p.Target, here, "name")
			}
			seen[p] = here
		}
	}
}

// random reports whether naming the party twice can mean two nodes.
func (p Party) random() bool {
	return p.Clients == "" && p.Target.Count == One && (p.Target.By == ByShard && p.Target.Shard == AnyShard || p.Target.Role == Replica)
}

// validateBlast refuses a fault that can be seen to leave no majority to vote, or
// no node that has the data of two shards. What depends on the roles of the moment,
// and on the other faults in force, is seen at the fault's check.
func (d *document) validateBlast(s *Scenario, f Fault, t Target, path string) {
	if !f.Traits().Down() {
		return
	}
	at := join(path, f.Kind()) + ".target"
	by := []string{path + ".allow", "redis.shards", "redis.replicasPerShard"}
	primaries := 1
	switch {
	case t.Count == Every && t.By == ByShard && t.Shard == AnyShard && t.hitsPrimary():
		primaries = s.Redis.Shards
	case t.Count == Majority:
		primaries = s.Redis.Shards/2 + 1
	case t.Count == Minority:
		primaries = (s.Redis.Shards - 1) / 2
	}
	if primaries > s.Redis.Shards/2 && !f.Allows(MajorityDown) {
		d.reject(at, by, "if you mean it, add allow: ["+string(MajorityDown)+"] to the fault", "%s takes the majority of the %d primaries away: no majority is left to vote", t, s.Redis.Shards)
		return
	}
	lastCopies := primaries > 1 && (s.Redis.ReplicasPerShard == 0 || t.Role == AnyRole)
	if lastCopies && !f.Allows(ShardsDown) {
		d.reject(at, by, "if you mean it, add allow: ["+string(ShardsDown)+"] to the fault", "%s takes every copy of %d shards away", t, primaries)
	}
}

// ground is that of the scenario.
func (s *Scenario) ground() ground {
	modules := s.Redis.some("loadmodule", func(_ string, stated bool) bool { return stated })
	writable := s.Redis.some("replica-read-only", func(value string, _ bool) bool { return strings.EqualFold(value, "no") })
	return ground{
		provider: s.Cluster.Provider, bounded: s.Redis.Storage != nil, limited: s.Redis.Resources != nil && s.Redis.Resources.Memory != "", renames: modules || s.attached(), shards: s.Redis.Shards, replicas: s.Redis.ReplicasPerShard, machines: s.Cluster.Kind.Nodes,
		newNames:         slices.Collect(maps.Values(s.Redis.RenameCommands)),
		readOnlyReplicas: !s.attached() && !writable,
	}
}
