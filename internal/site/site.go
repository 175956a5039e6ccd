// Package site is where a run stands: a cluster of Redis in the sealed room on this
// machine, or in pods of a Kubernetes cluster that exists, that kind makes, or that
// keeps a deployment between runs. A run sees a Site and none of these.
package site

import (
	"context"
	"errors"
	"io"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// Site is where a run stands: its cluster, and what acts on it and around it.
type Site interface {
	// Redis is the cluster, and how to talk to it.
	Redis() *deployer.Cluster
	// Engine injects faults.
	Engine() chaos.Engine
	// Upgrader changes what the nodes run.
	Upgrader() Upgrader
	// Fleet are generators near the cluster; nil means generators in this process.
	Fleet() *remote.Fleet
	// Seats are the ways of n generators and of the probes to the cluster, each from
	// an address of its own. Without such addresses each is nil, and the probes go
	// the cluster's own way.
	Seats(n int) (generators []dial.Dialer, probes dial.Dialer)
	// Environment describes the site as it is now.
	Environment(ctx context.Context) results.Environment
	// Log is what a node has written to its log since it was deployed.
	Log(ctx context.Context, node string) (io.ReadCloser, error)
	// Remove ends the nodes and deletes everything made for them, except the
	// volumes if they are to be kept. It bounds its own time.
	Remove(keepVolumes bool) error
}

// Upgrader changes what the nodes of a site run.
type Upgrader interface {
	deployer.Place
	// Readable tries which of two releases reads the files that the other writes.
	Readable(ctx context.Context, releases ...scenarios.Release) ([]results.Readable, error)
}

// Recorder keeps and shows what happens while a site is made.
type Recorder interface {
	Clock() results.Clock
	// Emit keeps an event, Journal an entry that must be on disk before its step.
	Emit(results.Event)
	Journal(results.JournalEntry) error
	// Stage begins a stage. Note keeps a message and shows it; Show only shows it.
	Stage(name string)
	Note(message string)
	Show(message string)
}

// Options of a site.
type Options struct {
	// Run is the id of the run that the site is for.
	Run string
	// Room is where nodes on this machine run.
	Room local.Room
	// Context is the context of the kubeconfig that was named on the command line;
	// empty is that of the scenario.
	Context string
	// On is the name of a kept deployment to use, or OnlyOne. Empty deploys.
	On string
	// keep is the name to keep the deployment under; empty removes it.
	keep string
	// Volumes is the folder of the data of nodes on this machine. KeepVolumes leaves
	// it there.
	Volumes     string
	KeepVolumes bool
	// Logs is the folder of the nodes' logs; empty keeps none.
	Logs string
	// Aim gives what is needed to find the targets of faults.
	Aim      func(*deployer.Cluster) chaos.Aim
	Recorder Recorder
	// Stop, when closed, ends the deployment.
	Stop <-chan struct{}
	// Lost takes the error once another run has taken the cluster: this one has to end.
	Lost func(error)
}

// ErrEnvironment marks an error of the machine or the cluster, not of the scenario
// or the run: no redis-server, no port, no permission.
var ErrEnvironment = errors.New("environment")
