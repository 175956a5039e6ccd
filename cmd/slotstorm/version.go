package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

func (p *program) versionVerb() *cli.Command {
	return &cli.Command{
		Name:   "version",
		Usage:  "tell the versions of slotstorm and of what it is built from",
		Action: p.tellVersion,
	}
}

// build is what this program was built from.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	GoRedis string `json:"goRedis"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// build prefers what the linker was told, then what Go recorded.
func (p *program) build() build {
	b := build{Version: version, Commit: commit, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "(devel)" {
			b.Version = cmp.Or(b.Version, v)
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = cmp.Or(b.Commit, s.Value)
			}
		}
		for _, d := range info.Deps {
			if d.Path == "github.com/redis/go-redis/v9" {
				b.GoRedis = d.Version
			}
		}
	}
	b.Version = cmp.Or(b.Version, "dev")
	b.GoRedis = cmp.Or(b.GoRedis, "unknown")
	return b
}

func (p *program) tellVersion(c *cli.Context) error {
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
