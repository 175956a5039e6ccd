package workload

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/slotstorm/slotstorm/scenarios"
)

// What a go-redis client needs of Go's runtime to be punctual, by measurement
// (docs/measurements.md). Its goroutines run only on a thread that holds a P, and a
// thread holds its P while it collects garbage or has no processor: with two Ps
// there may be none left, with four there is one. What is collected less often is in
// the way less often.
const (
	leastProcs = 4
	gcPercent  = 400
)

// suitRuntime sets Go's runtime, of this whole process, for a client's load. What
// the environment asks for in GOGC stays.
func suitRuntime(c *scenarios.Client) {
	procs := leastProcs
	if c.Type == "wire" {
		// Its event loops hold a P each while they wait; the rest of the program
		// needs one of its own, on a machine with a single core too.
		procs = c.Wire.Cores + 1
	} else if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), procs))
}
