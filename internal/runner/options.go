package runner

import (
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/results"
)

// Options of a run.
type Options struct {
	// Root is the folder of bundles.
	Root string
	// Room is where local nodes run.
	Room local.Room
	// Observer follows the run; nil is none.
	Observer Observer
	// Began, if not nil, is called with the run's folder once it exists.
	Began func(dir string)
	// Version is slotstorm's own; Command repeats the run.
	Version, Command string
	// Overrides are the fields that the command line changed, each as PATH=VALUE.
	Overrides []string
	// Context is the context of the kubeconfig that was named on the command
	// line; empty is that of the scenario.
	Context string
	// On is the name of a kept deployment to run on, or site.OnlyOne. Empty deploys.
	On string
	// KeepVolumes leaves the nodes' data in the run's folder.
	KeepVolumes bool
	// Own is the seed of the cluster that the user says is theirs, or CONTEXT/NAMESPACE of its
	// pods; a run on a cluster that slotstorm did not deploy needs it.
	Own string
	// AllowExec permits faults that run programs on this machine.
	AllowExec bool
	// Baseline holds the figures that objectives may be relative to; nil is none.
	Baseline *results.Baseline
	// Matrix holds the settings of this combination of a matrix.
	Matrix []results.Setting
	// Stop, when closed, ends the run gently: faults are healed, results so far
	// are collected, and the report is marked interrupted.
	Stop <-chan struct{}
	// lost takes the error once another run has taken the cluster.
	lost func(error)
}

// Result is a finished run.
type Result struct {
	// Dir is the bundle's folder.
	Dir     string
	Bundle  *results.Bundle
	Summary *results.Summary
}
