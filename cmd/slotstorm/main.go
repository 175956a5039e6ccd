// Command slotstorm rehearses Redis Cluster failures.
//
// A command line travels like this:
//
//	arguments ─▶ arrange (flags anywhere, did you mean) ─▶ urfave/cli ─▶ one verb ─▶ exit code
//
// Every verb is a file of its own and a method of program, which holds the surroundings of
// the verb: streams, environment, signals, the runner. The files of verbs stand on shared
// ones, such as flags.go, outputs.go and progress.go. Only results go to standard output.
package main

import (
	"context"
	"os"
)

func main() {
	// First of all: an unhandled signal ends a process with an undocumented exit code, and
	// does not end the first process of a sealed room at all.
	caught := catch()
	crashBySignal()
	os.Exit(int(run(context.Background(), caught, os.Args, os.Stdout, os.Stderr)))
}
