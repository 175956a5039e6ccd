package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) upVerb() *cli.Command {
	return &cli.Command{
		Name:      "up",
		Usage:     "deploy a scenario's Redis Cluster on Kubernetes and keep it for runs",
		UsageText: examples("slotstorm up kill-primary --cluster kind", "slotstorm up shop.yaml --cluster kube --context staging --name shop"),
		ArgsUsage: "SCENARIO",
		Description: "Deploys the Redis Cluster that the section 'redis' of the scenario describes, in a\n" +
			"namespace of its own, and keeps it. Run scenarios on it with\n" +
			"'slotstorm run SCENARIO --on NAME', and remove it with 'slotstorm down NAME'. With\n" +
			"--cluster kind, 'slotstorm up' creates the kind cluster that cluster.kind.name names, if\n" +
			"it does not exist.",
		Flags: append(clusterFlags("deploy on `PROVIDER`: kind (a kind cluster) or kube (the cluster of a kubeconfig context); needed if cluster.provider of the scenario is local"), contextFlag(),
			&cli.StringFlag{Name: "name", Usage: "name the deployment `NAME` (default: the name of the scenario)"}),
		Action: p.up,
	}
}

func (p *program) up(c *cli.Context) error {
	file, err := scenarioArg(c)
	if err != nil {
		return err
	}
	s, err := scenarios.Load(file, overrides(c)...)
	if err != nil {
		return unreadable(err)
	}
	if p := s.Cluster.Provider; p != "kind" && p != "kube" {
		return usagef("slotstorm up deploys on Kubernetes, and cluster.provider is %s: add --cluster kind or --cluster kube", p)
	}
	name := s.Metadata.Name
	if c.IsSet("name") {
		name = c.String("name")
	}
	if err := scenarios.CheckLabel(name); err != nil {
		return usagef("--name %s: %w", quote(name), err)
	}
	ctx, stop, release := p.brake(c.Context, "removing the objects of the deployment")
	defer release()
	show := p.progress()
	k, err := runner.Up(ctx, s, name, runner.Options{Context: c.String("context"), Observer: show, Stop: stop})
	show.Close()
	switch {
	case errors.Is(err, context.Canceled):
		return &exit{code: exitInterrupted, err: errors.New("interrupted; all objects of the deployment were removed")}
	case err != nil:
		return err
	case p.json:
		return p.printJSON(k)
	case p.quiet:
		return nil
	}
	fmt.Fprintf(p.out, "%s is up: %s, %d shards × %d replicas, namespace %s of %s\n", k.Name, k.Server, s.Redis.Shards, s.Redis.ReplicasPerShard, k.Namespace, k.Context)
	where := downFlags(c, s)
	fmt.Fprintf(p.out, "use it:     slotstorm run %s%s --on %s\n", quote(file), onFlags(c), k.Name)
	fmt.Fprintf(p.out, "remove it:  slotstorm down %s%s\n", k.Name, where)
	return nil
}

// onFlags are the flags with which a run finds the deployment, as typed.
func onFlags(c *cli.Context) string {
	text := ""
	for _, o := range overrides(c) {
		text += " --set " + quote(o)
	}
	if c.IsSet("context") {
		text += " --context " + quote(c.String("context"))
	}
	return text
}

// downFlags are the flags with which 'slotstorm down' finds the deployment, as typed.
func downFlags(c *cli.Context, s *scenarios.Scenario) string {
	if s.Cluster.Provider == "kind" {
		return ""
	}
	text := " --cluster kube"
	if c.IsSet("context") {
		text += " --context " + quote(c.String("context"))
	}
	if ns := s.Cluster.Kube.Namespace; ns != "" {
		text += " --namespace " + quote(ns)
	}
	return text
}
