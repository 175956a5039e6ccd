package chaos

import (
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// traits are what a fault does, as a bundle keeps it.
func traits(f scenarios.Fault) results.Traits {
	t := f.Traits()
	engine := f.Engine
	if engine != "chaosmesh" {
		engine = "builtin"
	}
	return results.Traits{
		Takes: results.Resource(t.Takes), Lasts: t.Lasts, Deposes: t.Deposes == scenarios.Surely, Gradual: t.Gradual, Rolls: t.Rolls, Asked: t.Asked,
		Disconnects: t.Disconnects, Erases: t.Erases, Empties: t.Empties, Unsyncs: t.Unsyncs, Signal: t.Signal, Engine: engine,
	}
}
