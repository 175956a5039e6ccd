package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/ledger"
)

const (
	settleLimit = 60 * time.Second
	auditLimit  = 60 * time.Second
	// persistenceLimit bounds the trial of which version reads whose files.
	persistenceLimit = 30 * time.Second
)

// settle waits until the cluster is whole again and reads the audited keys back.
func settle(ctx context.Context, c *deployer.Cluster, auditor *ledger.Auditor, rec *recorder) error {
	rec.Stage("settle")
	settling, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	err := c.AwaitWhole(settling)
	rec.facts.HealthyAfter = err == nil
	if err != nil {
		rec.Note("the cluster is not whole at the end: " + err.Error())
	}
	if auditor == nil {
		return nil
	}
	rec.Stage("audit")
	auditing, cancel := context.WithTimeout(ctx, auditLimit)
	defer cancel()
	return auditor.ReadBack(auditing)
}

// collect records the cluster as it was left, and what its logs hold.
func collect(ctx context.Context, s *scenarios.Scenario, st site.Site, rec *recorder) error {
	rec.Stage("collect")
	c := st.Redis()
	rec.facts.Environment = st.Environment(ctx)
	switch login := c.Dialer.Security(); {
	case login.Username != "":
		rec.facts.Environment.Auth = results.AuthUser
	case login.Password != "":
		rec.facts.Environment.Auth = results.AuthPassword
	}
	persistence(ctx, s, st, rec)
	if err := inspect(ctx, c, rec.bundle, "after"); err != nil {
		return err
	}
	measureClocks(ctx, c, rec)
	for _, n := range c.Nodes {
		f, err := st.Log(ctx, n.Name)
		if err != nil {
			return fmt.Errorf("collecting logs: %w", err)
		}
		err = c.ReadLog(n, f, rec.clock, rec.dated(n.Name))
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// measureClocks adds a measurement of the clocks by which the nodes date their logs.
func measureClocks(ctx context.Context, c *deployer.Cluster, rec *recorder) {
	clocks := c.Clocks(ctx, rec.clock)
	for i, n := range rec.facts.Nodes {
		if offset, ok := clocks[n.Name]; ok {
			rec.facts.Nodes[i].Clocks = append(n.Clocks, offset)
		}
	}
}

// persistence tries which of the two versions of an upgrade reads the other's files.
// It comes after the load, which it would disturb.
func persistence(ctx context.Context, s *scenarios.Scenario, st site.Site, rec *recorder) {
	up := rec.facts.Upgrade
	if up == nil || up.To.Version == "" || up.To == up.From {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, persistenceLimit)
	defer cancel()
	list, err := st.Upgrader().Readable(ctx, s.Redis.Release(), s.Timeline.Upgrade.To)
	if err != nil {
		rec.Emit(results.Event{Offset: rec.clock.Now(), Kind: results.EventNote, Source: "upgrade", Message: "which version reads whose files could not be tried: " + err.Error()})
		return
	}
	up.Persistence = list
}

// inspect keeps what every node says of itself and of the cluster. The file of a
// node that does not answer says so.
func inspect(ctx context.Context, c *deployer.Cluster, bundle *results.Writer, when string) error {
	for _, n := range c.PresentNodes() {
		if err := results.WriteFile(bundle.Path("nodes/"+n.Name+"."+when+".txt"), []byte(describe(ctx, c, n))); err != nil {
			return err
		}
	}
	return nil
}

func describe(ctx context.Context, c *deployer.Cluster, n deployer.Node) string {
	cl := c.Client(n, 2*time.Second)
	defer cl.Close()
	var b strings.Builder
	for _, ask := range []struct {
		title string
		do    func() (string, error)
	}{
		{"CLUSTER NODES", func() (string, error) { return cl.ClusterNodes(ctx).Result() }},
		{"CLUSTER INFO", func() (string, error) { return cl.ClusterInfo(ctx).Result() }},
		{"INFO", func() (string, error) { return cl.Info(ctx, "everything").Result() }},
	} {
		text, err := ask.do()
		if err != nil {
			text = "no answer: " + err.Error()
		}
		fmt.Fprintf(&b, "# %s\n%s\n\n", ask.title, strings.TrimSpace(strings.ReplaceAll(text, "\r", "")))
	}
	return b.String()
}
