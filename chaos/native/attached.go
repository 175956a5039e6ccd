package native

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
)

// Attached is the engine for a cluster that slotstorm did not deploy: it acts by commands to
// its nodes, by deleting pods, and by programs of the user's own. A scenario with other
// faults is not valid.
type Attached struct {
	Cluster *deployer.Cluster
	Aim     chaos.Aim
	// Pods are the nodes' pods; nil where nodes are found by seeds.
	Pods TheirPods
	// LastCopy permits faults to take the last node of a shard that is in sync.
	LastCopy bool
	// Config is the configuration of each node; empty where CONFIG is refused.
	Config map[string]map[string]string
	// NodeTimeout is the cluster-node-timeout of a node whose configuration does not say it.
	NodeTimeout time.Duration
}

// Action makes the action of an injection.
func (e Attached) Action(in chaos.Injection) (chaos.Action, error) {
	random := rand.New(rand.NewPCG(in.Seed, 0))
	switch f := in.Fault; {
	case f.Failover != nil:
		return &failover{aim: e.Aim, cluster: e.Cluster, spec: *f.Failover, random: random}, nil
	case f.Command != nil:
		return &command{aim: e.Aim, cluster: e.Cluster, spec: *f.Command, random: random}, nil
	case f.Exec != nil:
		return newExec(e.Aim, e.Cluster, in, random), nil
	case f.Kill != nil && e.Pods != nil:
		return &theirKill{theirs: theirs{e.Cluster, e.Aim, e.Pods, e.LastCopy, e.Config, e.NodeTimeout}, spec: *f.Kill, away: in.Lasts, random: random}, nil
	}
	return nil, fmt.Errorf("fault %s: this engine knows no such action", in.Name)
}
