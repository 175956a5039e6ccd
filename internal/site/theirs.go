package site

import (
	"context"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/deployer/attached"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// theirs is a site on a cluster that slotstorm did not deploy. The load comes from this
// process.
type theirs struct {
	*attached.Deployment
	seeds  []string
	engine native.Attached
}

func (t *theirs) Engine() chaos.Engine { return t.engine }
func (t *theirs) Upgrader() Upgrader   { return nil }
func (t *theirs) Fleet() *remote.Fleet { return nil }

func (t *theirs) Seats(int) (generators []dial.Dialer, probes dial.Dialer) { return nil, t.Dialer }

func (t *theirs) Environment(context.Context) results.Environment {
	e := thisMachine()
	e.Shared, e.ConfigUnread = true, len(t.Configs()) == 0
	e.Provider, e.Isolation = scenarios.Attach, "an existing cluster at "+strings.Join(t.seeds, ", ")
	return e
}

func attachedOptions(s *scenarios.Scenario, run string, note func(string)) attached.Options {
	return attached.Options{Run: run, Redis: s.Redis, At: s.Cluster.Attach, Note: note}
}

// taken takes up the cluster that the options name.
func taken(ctx context.Context, s *scenarios.Scenario, o Options, options attached.Options) (*theirs, *scenarios.Scenario, error) {
	options.Lost, options.Show = o.Lost, o.Recorder.Show
	d, err := attached.Attach(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	own := *s
	own.Redis = d.Found(s.Redis)
	if is, want := own.Redis.NodeTimeout(), s.Redis.NodeTimeout(); is != want {
		o.Recorder.Note(fmt.Sprintf("cluster-node-timeout is %v there, not %v as in the scenario: failovers take as long as that asks for", is, want))
	}
	for _, text := range own.Beyond() {
		o.Recorder.Note(text)
	}
	engine := native.Attached{Cluster: d.Cluster, Aim: o.Aim(d.Cluster), LastCopy: s.Cluster.Attach.AllowLastCopy, Config: d.Configs(), NodeTimeout: own.Redis.NodeTimeout()}
	return &theirs{Deployment: d, seeds: s.Cluster.Attach.Seeds, engine: engine}, &own, nil
}

// ErrUnfit marks a cluster that slotstorm does not act on as it is.
var ErrUnfit = attached.ErrUnfit
