// Command slotstorm rehearses Redis Cluster failures.
//
// A command line travels like this:
//
//	arguments ─▶ arrange (flags anywhere, did you mean) ─▶ urfave/cli ─▶ one verb ─▶ exit code
//
// Every verb is a file of its own and a method of program, which holds what the
// verb may touch: streams, environment, signals, the runner. Results go to
// standard output and nothing else does.
package main

import (
	"context"
	"os"
)

func main() {
	// Before anything else: a signal that nobody waits for ends a process with a
	// code that slotstorm does not document, and inside a sealed room not at all.
	caught := catch()
	crashBySignal()
	os.Exit(int(run(context.Background(), caught, os.Args, os.Stdout, os.Stderr)))
}
