package chaos

import (
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// traits are what a fault does, for whoever reads the bundle.
func traits(f scenarios.Fault) results.Traits {
	t := ofKind(f)
	t.Lasts = scenarios.Lasts(f.Action())
	t.Engine = "builtin"
	if f.Engine == "chaosmesh" {
		t.Engine = f.Engine
	}
	return t
}

func ofKind(f scenarios.Fault) results.Traits {
	switch {
	case f.Kill != nil:
		return results.Traits{Takes: results.TakesProcess, Deposes: true, Signal: f.Kill.Signal, Asked: f.Kill.Signal == "SIGTERM"}
	case f.Pause != nil:
		return results.Traits{Takes: results.TakesTime, Deposes: true, Signal: "SIGSTOP"}
	case f.Isolate != nil:
		return results.Traits{Takes: results.TakesNetwork, Deposes: true, Disconnects: true}
	case f.Partition != nil:
		return results.Traits{Takes: results.TakesNetwork, Disconnects: true}
	case f.Delay != nil, f.Loss != nil, f.Bandwidth != nil:
		return results.Traits{Takes: results.TakesNetwork}
	case f.Failover != nil:
		return results.Traits{Takes: results.TakesRole, Deposes: true, Asked: true}
	case f.CPU != nil:
		return results.Traits{Takes: results.TakesTime}
	case f.Memory != nil:
		return results.Traits{Takes: results.TakesMemory}
	case f.DiskFull != nil, f.SlowDisk != nil:
		return results.Traits{Takes: results.TakesDisk}
	case f.Drain != nil, f.Restart != nil:
		return results.Traits{Takes: results.TakesProcess, Deposes: true, Gradual: true, Asked: true}
	}
	return results.Traits{}
}
