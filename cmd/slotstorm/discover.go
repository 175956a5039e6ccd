package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) discoverVerb() *cli.Command {
	return &cli.Command{
		Name:      "discover",
		Usage:     "list Redis Clusters on Kubernetes that a run can attach to",
		UsageText: examples("slotstorm discover", "slotstorm discover --context staging --namespace shop"),
		Description: "Finds pods by the labels of Bitnami's charts redis-cluster and valkey-cluster, the\n" +
			"redis-operator of OT-CONTAINER-KIT and the valkey-operator, and prints for each cluster\n" +
			"the section of a scenario that attaches to it. Changes nothing and reads no Secret.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "context", Usage: "use the context `NAME` of the kubeconfig; default: the current context, if it is a kind, k3d or minikube cluster on this machine"},
			&cli.StringFlag{Name: "namespace", Usage: "look only in the namespace `NAME`; needed if you have no permission to list the pods of all namespaces"},
		},
		Action: p.discover,
	}
}

func (p *program) discover(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	ctx, release := p.abrupt(c.Context)
	defer release()
	context, list, err := site.Discover(ctx, c.String("context"), c.String("namespace"))
	switch {
	case err != nil:
		return err
	case p.json:
		return p.printJSON(list)
	case p.quiet:
		return nil
	}
	if len(list) == 0 {
		fmt.Fprintf(p.out, "# No pods with known labels in %s. Any label selector works: see cluster.attach in docs/your-cluster.md.\n", context)
	}
	for i, one := range list {
		if i > 0 {
			fmt.Fprintln(p.out, "---")
		}
		if err := p.printCandidate(context, one); err != nil {
			return err
		}
	}
	return nil
}

// attachSection is the part of a scenario that names a cluster.
type attachSection struct {
	Cluster struct {
		Provider string                    `yaml:"provider"`
		Attach   scenarios.AttachedCluster `yaml:"attach"`
	} `yaml:"cluster"`
}

func (p *program) printCandidate(context string, one pods.Candidate) error {
	fmt.Fprintf(p.out, "# %d pods of %s. Run with --i-own %s/%s\n", one.Pods, one.Maker, context, one.Attach.Namespace)
	var s attachSection
	s.Cluster.Provider, s.Cluster.Attach = scenarios.Attach, one.Attach
	raw, err := yaml.Marshal(s)
	if err != nil {
		return fmt.Errorf("printing a cluster: %w", err)
	}
	fmt.Fprintf(p.out, "%s", raw)
	if e := one.UserPassword; e != nil {
		fmt.Fprintf(p.out, "# Its environment has the password of a user with a name, in entry %s of Secret %s: if that user\n# has the rights, add cluster.attach.passwordFrom, and redis.auth.user or cluster.attach.usernameFrom.\n", e.Key, e.Secret)
	}
	if one.TLS {
		fmt.Fprintln(p.out, "redis:\n    tls: {enabled: true}")
	}
	return nil
}
