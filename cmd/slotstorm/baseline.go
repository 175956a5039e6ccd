package main

import (
	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func baselineFlag() cli.Flag {
	return &cli.StringFlag{Name: "baseline", Usage: "use `RUN` as the baseline of objectives such as 'max: baseline+10%'; RUN can be several runs, separated by commas: the baseline of a metric is then its median over these runs"}
}

// baseline reads the runs that the objectives of s are relative to; it is nil without
// --baseline.
func (p *program) baseline(text string, s *scenarios.Scenario) (*results.Baseline, error) {
	switch {
	case text == "":
		return nil, nil
	case !judge.Relative(s):
		return nil, usagef("--baseline needs an objective such as 'max: baseline+10%%', and %s has none", s.Metadata.Name)
	}
	var bundles []*results.Bundle
	var distinct compare.Distinct
	_, err := p.eachRun(text, func(_ string, b *results.Bundle) error {
		if err := distinct.Add(b); err != nil {
			return &exit{exitInvalid, err}
		}
		bundles = append(bundles, b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return judge.Baseline(s, bundles)
}
