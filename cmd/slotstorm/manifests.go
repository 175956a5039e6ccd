package main

import (
	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) manifestsVerb() *cli.Command {
	return &cli.Command{
		Name:      "manifests",
		Usage:     "print the Kubernetes objects that a run would create",
		UsageText: examples("slotstorm manifests kill-primary --cluster kind", "slotstorm manifests shop.yaml --cluster kube --set redis.shards=6"),
		ArgsUsage: "SCENARIO",
		Description: "Prints the objects as YAML documents, in the order in which 'slotstorm run' would apply\n" +
			"them, and contacts no cluster. Zeros replace the id of the run and the UIDs of its\n" +
			"namespace and lease. The values of secrets are omitted.",
		Flags:  clusterFlags("set cluster.provider to `PROVIDER`: kind or kube"),
		Action: p.manifests,
	}
}

func (p *program) manifests(c *cli.Context) error {
	file, err := scenarioArg(c)
	if err != nil {
		return err
	}
	s, err := scenarios.Load(file, overrides(c)...)
	if err != nil {
		return unreadable(err)
	}
	objects, err := site.Manifests(s)
	if err != nil {
		return &exit{exitInvalid, err}
	}
	return p.writeManifests(s, objects)
}
