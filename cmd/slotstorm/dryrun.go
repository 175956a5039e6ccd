package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) writeManifests(s *scenarios.Scenario, objects []any) error {
	fmt.Fprintf(p.out, "# Objects of a run of %s, in order. 00000000t000000z-0000 replaces the id of the run.\n", s.Metadata.Name)
	return pods.WriteManifests(p.data, objects)
}

// rehearsed is a run as run --dry-run --json prints it.
type rehearsed struct {
	Scenario *scenarios.Scenario `json:"scenario"`
	Timeline []moment            `json:"timeline"`
	// Objects is the number of Kubernetes objects; 0 on this machine.
	Objects int `json:"objects"`
	// Answer is the answer of the API server.
	Answer string `json:"answer,omitempty"`
}

// dryRun prints the plan of a run, and validates its objects on the API server.
func (p *program) dryRun(ctx context.Context, s *scenarios.Scenario, o runner.Options) error {
	r := rehearsed{Scenario: s, Timeline: timeline(s)}
	objects, err := site.Manifests(s)
	local := errors.Is(err, site.ErrNoManifests)
	if err != nil && !local {
		return &exit{exitInvalid, err}
	}
	r.Objects = len(objects)
	if !p.json && !p.quiet {
		fmt.Fprintf(p.out, "# %s, seed %d: %s on %s\n%s", s.Metadata.Name, s.Seed, size(s), s.Cluster.Provider, timelineText(s))
		if !local {
			if err := p.writeManifests(s, objects); err != nil {
				return err
			}
		}
	}
	if !local {
		if r.Answer, err = site.Try(ctx, s, o.Context); err != nil {
			return err
		}
	}
	switch {
	case p.json:
		return p.printJSON(r)
	case !p.quiet && local:
		fmt.Fprintln(p.out, "# Dry run: nothing was started.")
	case !p.quiet:
		fmt.Fprintf(p.out, "---\n# %d objects, %s.\n", r.Objects, r.Answer)
	}
	return nil
}

// size is the cluster of a scenario in words.
func size(s *scenarios.Scenario) string {
	return fmt.Sprintf("%d shards × %d replicas", s.Redis.Shards, s.Redis.ReplicasPerShard)
}
