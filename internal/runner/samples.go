package runner

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
)

const (
	// sampleEvery is the distance of two samples of a node, where all nodes together
	// allow it: what a node counted after its last sample is lost with its process. Each
	// sample of a pod goes through the API server and a kubelet, which is felt on a small
	// machine.
	sampleEvery    = 200 * time.Millisecond
	samplePodEvery = time.Second
	// samplesPerSecond bounds the samples of all nodes together.
	samplesPerSecond = 50
	// sampleTimeout bounds one sample.
	sampleTimeout = 2 * time.Second
)

// sampler keeps what the nodes count themselves, for a reader who does not trust what
// slotstorm counts. Of the samples during the load only those on both sides of a
// restart, a change of role or a new synchronisation stay.
type sampler struct {
	clock results.Clock
	nodes []*sampledNode
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

// sampledNode is used by one goroutine at a time.
type sampledNode struct {
	name string
	// present reports whether it is in the cluster now.
	present func() bool
	client  *redis.Client
	kept    []results.NodeSample
	// last was not kept yet; of is the incarnation and role that it is of.
	last *results.NodeSample
	of   string
	// process is the one that answered last, answered when; silent is when it was first
	// asked in vain after that, 0 if it was not.
	process          string
	answered, silent results.Duration
	// restarts are the ends of processes, each with the answer of the next one.
	restarts []restart
	// counted is how many keys the process that answered last has evicted; evicted are
	// the first and the last sight of more, and evictions how many there were.
	counted, evictions int64
	evicted            []sight
}

// sight is a question and its answer.
type sight struct{ asked, answered results.Duration }

// restart is the end of a process, between its last answer and the first question in vain,
// and the first answer of the next one.
type restart struct{ answered, silent, back results.Duration }

// newSampler takes the samples before the load, and goes on until end.
// They are at least least apart for each node.
func newSampler(ctx context.Context, c *deployer.Cluster, clock results.Clock, least time.Duration) *sampler {
	s := &sampler{clock: clock}
	for _, n := range c.Nodes {
		s.nodes = append(s.nodes, &sampledNode{name: n.Name, present: func() bool { return c.Present(n.Name) }, client: c.Client(n, sampleTimeout)})
	}
	s.round(ctx, results.MomentBefore)
	ctx, s.stop = context.WithCancel(ctx)
	every := max(least, time.Second*time.Duration(len(s.nodes))/samplesPerSecond)
	for _, n := range s.nodes {
		s.wg.Go(func() {
			t := time.NewTicker(every)
			defer t.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-t.C:
					n.sample(ctx, clock, "")
				}
			}
		})
	}
	return s
}

// round takes one sample of each node, all at the same time.
func (s *sampler) round(ctx context.Context, moment string) {
	var wg sync.WaitGroup
	for _, n := range s.nodes {
		wg.Go(func() { n.sample(ctx, s.clock, moment) })
	}
	wg.Wait()
}

// loaded takes the samples after the load, and ends those during it.
func (s *sampler) loaded(ctx context.Context) {
	s.stop()
	s.wg.Wait()
	s.round(ctx, results.MomentAfter)
}

// settled takes the samples of the settled cluster, in two rounds, so that a replica's
// offset in the first can be held against its primary's in the second.
func (s *sampler) settled(ctx context.Context) {
	s.round(ctx, results.MomentSettled)
	s.round(ctx, results.MomentSettled)
}

// close ends the sampling.
func (s *sampler) close() {
	s.stop()
	s.wg.Wait()
	for _, n := range s.nodes {
		// Its answers are kept already.
		_ = n.client.Close()
	}
}

// save writes what was kept.
func (s *sampler) save(bundle *results.Writer) error {
	for _, n := range s.nodes {
		if err := bundle.SaveSamples(n.name, n.kept); err != nil {
			return err
		}
	}
	return nil
}

// sample asks a node. One that does not answer has none.
func (n *sampledNode) sample(ctx context.Context, clock results.Clock, moment string) {
	if !n.present() {
		// It is not asked: its last answer is the last of its process.
		n.keepLast()
		return
	}
	asked := clock.Now()
	info, err := n.client.Info(ctx, "everything").Result()
	answered := clock.Now()
	if err == nil {
		n.evicts(info, n.process, asked, answered)
		n.lives(lineOf(info, "run_id:"), asked, answered)
		n.add(results.NodeSample{Moment: moment, Asked: asked, Answered: answered, Info: statistics(info)})
		return
	}
	if n.silent == 0 {
		n.silent = asked
	}
	if moment != "" {
		n.keepLast()
	}
}

// lives notes that a process answers, and that the one before it has ended.
func (n *sampledNode) lives(process string, asked, answered results.Duration) {
	if n.process != "" && process != n.process {
		silent := n.silent
		if silent == 0 {
			silent = asked
		}
		n.restarts = append(n.restarts, restart{n.answered, silent, answered})
	}
	n.process, n.answered, n.silent = process, answered, 0
}

// evicts notes that a node has evicted keys since its last answer. Those from before the
// first one are not the run's, and those of a volatile policy explain no loss: audited keys
// have no TTL.
func (n *sampledNode) evicts(info, before string, asked, answered results.Duration) {
	now, err := strconv.ParseInt(strings.TrimPrefix(lineOf(info, "evicted_keys:"), "evicted_keys:"), 10, 64)
	if err != nil {
		return
	}
	was := n.counted
	if before != "" && before != lineOf(info, "run_id:") {
		was = 0
	}
	n.counted = now
	if before == "" || now <= was || strings.HasPrefix(lineOf(info, "maxmemory_policy:"), "maxmemory_policy:volatile-") {
		return
	}
	n.evictions += now - was
	if len(n.evicted) == 2 {
		n.evicted = n.evicted[:1]
	}
	n.evicted = append(n.evicted, sight{asked, answered})
}

// evictions are the events of nodes that evicted keys: the first and the last sight of it.
func (s *sampler) evictions(emit results.Emit) {
	for _, n := range s.nodes {
		for i, at := range n.evicted {
			message := "the first keys were evicted"
			if i == len(n.evicted)-1 {
				message = fmt.Sprintf("%d keys were evicted by then", n.evictions)
			}
			emit(results.Event{Offset: at.answered, Uncertainty: at.answered - at.asked, Kind: results.EventEvicted, Source: "poll", Node: n.name, Message: message})
		}
	}
}

// Kubernetes forgets a pod before its process has ended, and reports the end of a container
// late: what it says within these counts as the end that samples show.
const (
	forgottenBefore = results.Duration(2 * time.Second)
	reportedAfter   = results.Duration(5 * time.Second)
)

// ends are the events of the processes that ended and that were not seen to end: those of a
// place that does not see it, and of servers that start themselves anew, as on DEBUG RESTART.
func (s *sampler) ends(emit results.Emit, seen func(node string, from, to results.Duration) bool) {
	for _, n := range s.nodes {
		for _, r := range n.restarts {
			if seen(n.name, r.answered-forgottenBefore, r.back+reportedAfter) {
				continue
			}
			emit(results.Event{Offset: r.silent, Uncertainty: r.silent - r.answered, Kind: results.EventNodeExit, Source: "poll", Node: n.name, Message: "another process answered later"})
			emit(results.Event{Offset: r.back, Uncertainty: r.back - r.silent, Kind: results.EventNodeReady, Source: "poll", Node: n.name, Message: "another process answers than before"})
		}
	}
}

// lineOf is the line of INFO that begins with a name.
func lineOf(info, name string) string {
	for line := range strings.Lines(info) {
		if strings.HasPrefix(line, name) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func (n *sampledNode) add(s results.NodeSample) {
	of := incarnation(s.Info)
	if of != n.of {
		n.keepLast()
	}
	if of == n.of && s.Moment == "" {
		n.last = &s
		return
	}
	n.of, n.last = of, nil
	n.kept = append(n.kept, s)
}

// keepLast keeps the last sample, where it was not kept.
func (n *sampledNode) keepLast() {
	if n.last != nil {
		n.kept = append(n.kept, *n.last)
		n.last = nil
	}
}

// incarnation names a node's process, its role and the history that its data are of.
func incarnation(info string) string {
	var of string
	for line := range strings.Lines(info) {
		if strings.HasPrefix(line, "run_id:") || strings.HasPrefix(line, "role:") || strings.HasPrefix(line, "master_replid:") {
			of += line
		}
	}
	return of
}

// statistics are the sections of INFO that a sample keeps.
func statistics(info string) string {
	var b strings.Builder
	kept := false
	for line := range strings.Lines(strings.ReplaceAll(info, "\r", "")) {
		if title, ok := strings.CutPrefix(strings.TrimSpace(line), "# "); ok {
			switch title {
			case "Server", "Stats", "Replication", "Commandstats", "Errorstats":
				kept = true
			default:
				kept = false
			}
		}
		if kept && strings.TrimSpace(line) != "" {
			b.WriteString(line)
		}
	}
	return b.String()
}
