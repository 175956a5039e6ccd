package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker: -X main.version=v1.2.3.
var version, commit string

// build names the sources and the tools of this program.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	GoRedis string `json:"goRedis"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// build prefers the values that the linker set, then those that Go recorded.
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
