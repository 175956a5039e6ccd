package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/internal/upkeep"
)

func (p *program) downVerb() *cli.Command {
	return &cli.Command{
		Name:      "down",
		Usage:     "remove a deployment made by 'slotstorm up'",
		UsageText: examples("slotstorm down shop", "slotstorm down --cluster kube --context staging"),
		ArgsUsage: "[NAME]",
		Description: "Removes the deployment with its volumes. When the last deployment in a kind cluster is\n" +
			"removed, the kind cluster is deleted too, if 'slotstorm up' created it. NAME is optional\n" +
			"if there is only one deployment. A deployment in use by a run is not removed.",
		Flags:  whereFlags(),
		Action: p.down,
	}
}

func (p *program) down(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("slotstorm down takes one deployment, but got %d", c.NArg())
	}
	w, err := p.where(c)
	if err != nil {
		return err
	}
	name := site.OnlyOne
	if c.NArg() == 1 {
		name = c.Args().First()
	}
	ctx, release := p.abrupt(c.Context)
	defer release()
	k, err := upkeep.Down(ctx, w, name)
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
