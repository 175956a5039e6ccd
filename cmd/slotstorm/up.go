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
		Usage:     "deploy a scenario's cluster on Kubernetes, and keep it for runs",
		ArgsUsage: "SCENARIO",
		Description: "Deploys what the scenario's redis section says, into a namespace of its own, and\n" +
			"leaves it there: 'slotstorm run SCENARIO --on NAME' runs on it, as often as wanted,\n" +
			"and 'slotstorm down NAME' removes it. With --cluster kind the kind cluster\n" +
			"cluster.kind.name is made if it is not there, and goes with the last deployment in it.",
		Flags: append(p.overrideFlags(), contextFlag(),
			&cli.StringFlag{Name: "name", Usage: "keep it under `NAME`; the scenario's name unless stated"}),
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
	name := s.Metadata.Name
	if c.IsSet("name") {
		name = c.String("name")
	}
	if err := scenarios.CheckLabel(name); err != nil {
		return usagef("--name %s: %w", quote(name), err)
	}
	ctx, stop, release := p.brake(c.Context)
	defer release()
	show := p.progress()
	k, err := runner.Up(ctx, s, name, runner.Options{Context: c.String("context"), Observer: show, Stop: stop})
	show.Close()
	switch {
	case errors.Is(err, context.Canceled):
		return &exit{code: exitInterrupted, err: errors.New("interrupted; nothing is left")}
	case err != nil:
		return err
	case p.json:
		return p.printJSON(k)
	case p.quiet:
		return nil
	}
	fmt.Fprintf(p.out, "%s is up: Redis %s, %d shards × %d replicas, namespace %s of %s\n", k.Name, k.Redis, s.Redis.Shards, s.Redis.ReplicasPerShard, k.Namespace, k.Context)
	where := downFlags(c, s)
	fmt.Fprintf(p.out, "run on it:  slotstorm run %s%s --on %s\n", quote(file), onFlags(c), k.Name)
	fmt.Fprintf(p.out, "remove it:  slotstorm down %s%s\n", k.Name, where)
	return nil
}

// onFlags are what a run needs to find what was deployed, as it would be typed.
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

// downFlags are what 'slotstorm down' needs to find it.
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

// whereFlags say where to look for what slotstorm has made.
func whereFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cluster", Usage: "look in all kind clusters of this machine (kind, unless stated) or in the one of a kubeconfig's context (kube): `PROVIDER`"},
		&cli.StringFlag{Name: "context", Usage: "look in the cluster of the context `NAME` of the kubeconfig; one that is not of kind, k3d or minikube must be named here"},
		&cli.StringFlag{Name: "namespace", Usage: "look in the namespace `NAME` alone: without the right to look into all of them"},
	}
}

func (p *program) where(c *cli.Context) (runner.Where, error) {
	w := runner.Where{Provider: "kind", Context: c.String("context"), Namespace: c.String("namespace"), Note: func(message string) {
		if !p.quiet {
			fmt.Fprintln(p.err, message)
		}
	}}
	if c.IsSet("context") {
		w.Provider = "kube"
	}
	switch given := c.String("cluster"); {
	case given == "":
	case given != "kind" && given != "kube":
		return w, usagef("--cluster %s: slotstorm %s looks in kind or kube; what runs on this machine ends with its process", given, c.Command.Name)
	case given == "kind" && c.IsSet("context"):
		return w, usagef("--cluster kind looks in every kind cluster; --context names one of the kubeconfig, and goes with --cluster kube")
	default:
		w.Provider = given
	}
	return w, nil
}

func (p *program) downVerb() *cli.Command {
	return &cli.Command{
		Name:      "down",
		Usage:     "remove what 'slotstorm up' has deployed",
		ArgsUsage: "[NAME]",
		Description: "Removes the deployment with its volumes, and the kind cluster that was made with it\n" +
			"once nothing of slotstorm is left in it. NAME may be left out if there is but one. A\n" +
			"deployment that a run uses is left alone.",
		Flags:  whereFlags(),
		Action: p.down,
	}
}

func (p *program) down(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("slotstorm down takes one deployment, and there are %d", c.NArg())
	}
	w, err := p.where(c)
	if err != nil {
		return err
	}
	name := runner.OnlyOne
	if c.NArg() == 1 {
		name = c.Args().First()
	}
	ctx, release := p.abrupt(c.Context)
	defer release()
	k, err := runner.Down(ctx, w, name)
	switch {
	case err != nil:
		return err
	case p.json:
		return p.printJSON(k)
	case p.quiet:
		return nil
	}
	fmt.Fprintf(p.out, "%s is down: namespace %s of %s\n", k.Name, k.Namespace, k.Context)
	if k.KindCluster != "" {
		fmt.Fprintf(p.out, "kind cluster %s is deleted\n", k.KindCluster)
	}
	return nil
}
