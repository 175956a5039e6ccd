package grammar

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Radius is the blast radius: what a drawn scenario may contain.
type Radius struct {
	// Faults are the kinds of faults, of Kinds.
	Faults []string
	// Roles are the roles of the nodes that faults may be aimed at, of Roles.
	Roles []string
	// Nodes is the most nodes that a cluster has, at least LeastNodes.
	Nodes int
	// Steps is the most faults in a scenario, at least 1.
	Steps int
	// Rate is the most requests per second, at least LeastRate.
	Rate float64
	// Allow permits faults that take the majority of the primaries, or every copy of
	// two shards, away.
	Allow []scenarios.Permission
	// Binaries are the servers: each seed takes the next one. Empty is redis-server.
	Binaries []string
	// TLS says that the servers can encrypt.
	TLS bool
	// Isolation is cluster.local.isolation.
	Isolation string
}

// Bounds of a radius.
const (
	LeastNodes = 3
	LeastRate  = 60
	MostSteps  = 10
)

// Kinds are the kinds of faults that can be drawn, in the order of the documentation.
func Kinds() []string {
	return []string{
		"kill", "pause", "partition", "isolate", "failover", "reshard", "cpu", "memory", "delay", "loss", "bandwidth", "slowDisk", "diskError", "powerLoss", "command", "diskFull",
	}
}

// Roles are the roles that faults can be aimed at.
var Roles = []string{string(scenarios.Primary), string(scenarios.Replica)}

// Default is harmless: everything stays in the sealed room of the run, and takes little
// of the machine.
func Default() Radius {
	isolation := local.Namespaces
	if runtime.GOOS != "linux" {
		isolation = local.None
	}
	return Radius{
		Faults: slices.DeleteFunc(Kinds(), func(k string) bool { return k == "memory" }),
		Roles:  Roles, Nodes: 9, Steps: 4, Rate: 500, Isolation: isolation,
	}
}

// Possible are those of the faults that the isolation makes possible.
func (r Radius) Possible() []string {
	return slices.DeleteFunc(slices.Clone(r.Faults), func(f string) bool {
		return r.Isolation == local.None && slices.Contains(sealed, f)
	})
}

// sealed are the faults that need a sealed room.
var sealed = []string{"partition", "isolate", "delay", "loss", "bandwidth", "slowDisk", "diskError", "powerLoss", "diskFull"}

// Permit adds a permission by its name.
func (r *Radius) Permit(name string) error {
	for _, p := range []scenarios.Permission{scenarios.MajorityDown, scenarios.ShardsDown} {
		if name == string(p) {
			r.Allow = append(r.Allow, p)
			return nil
		}
	}
	return fmt.Errorf("%q is no permission: use %s or %s", name, scenarios.MajorityDown, scenarios.ShardsDown)
}

// Check reports what is wrong with r.
func (r Radius) Check() error {
	if len(r.Faults) == 0 || len(r.Roles) == 0 {
		return fmt.Errorf("a scenario needs at least one kind of fault and one role")
	}
	for _, f := range r.Faults {
		if !slices.Contains(Kinds(), f) {
			return fmt.Errorf("%q is no fault that can be drawn: use %s", f, strings.Join(Kinds(), ", "))
		}
		if r.Isolation == local.None && slices.Contains(sealed, f) {
			return fmt.Errorf("%s needs a sealed room", f)
		}
	}
	for _, role := range r.Roles {
		if !slices.Contains(Roles, role) {
			return fmt.Errorf("%q is no role: use %s", role, strings.Join(Roles, ", "))
		}
	}
	switch {
	case r.Isolation != local.Namespaces && r.Isolation != local.None:
		return fmt.Errorf("the isolation is %s or %s, not %q", local.Namespaces, local.None, r.Isolation)
	case r.Nodes < LeastNodes || r.Nodes > 100:
		return fmt.Errorf("a cluster has %d to 100 nodes, not %d", LeastNodes, r.Nodes)
	case r.Steps < 1 || r.Steps > MostSteps:
		return fmt.Errorf("a scenario has 1 to %d faults, not %d", MostSteps, r.Steps)
	case r.Rate < LeastRate || r.Rate > 100_000:
		return fmt.Errorf("the rate is %d to 100000 requests per second, not %g", LeastRate, r.Rate)
	case r.needsReplicas() && r.Nodes < 2*LeastNodes:
		return fmt.Errorf("these faults need replicas, and so %d nodes or more", 2*LeastNodes)
	}
	return nil
}

// has reports whether faults may be aimed at a role.
func (r Radius) has(role scenarios.Role) bool { return slices.Contains(r.Roles, string(role)) }

// needsReplicas reports whether a cluster without replicas leaves nothing to do.
func (r Radius) needsReplicas() bool {
	return !r.has(scenarios.Primary) || len(r.Faults) == 1 && r.Faults[0] == "failover"
}

func (r Radius) allows(p scenarios.Permission) bool { return slices.Contains(r.Allow, p) }
