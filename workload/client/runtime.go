package client

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/slotstorm/slotstorm/scenarios"
)

// SuitRuntime sets Go's runtime, of this whole process, for a client's load. GOGC of
// the environment stays.
func SuitRuntime(k Kind, c *scenarios.Client) {
	if k.gcPercent > 0 && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(k.gcPercent)
	}
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), k.procs(c)))
}
