package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (p *program) versionVerb() *cli.Command {
	return &cli.Command{
		Name:      "version",
		Usage:     "print the versions of slotstorm, Go and go-redis",
		UsageText: examples("slotstorm version", "slotstorm version --json"),
		Action:    p.printVersion,
	}
}

func (p *program) printVersion(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	b := p.build()
	if p.json {
		return p.printJSON(b)
	}
	fmt.Fprintf(p.out, "slotstorm %s\n", b.Version)
	for _, row := range [][2]string{{"commit", b.Commit}, {"go", b.Go}, {"go-redis", b.GoRedis}, {"platform", b.OS + "/" + b.Arch}} {
		if row[1] != "" {
			fmt.Fprintf(p.out, "  %-9s %s\n", row[0], row[1])
		}
	}
	return nil
}
