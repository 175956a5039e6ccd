package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine is where and with what was measured.
type machine struct {
	date          time.Time
	cpu, kernel   string
	cores         int
	arch, command string
	memory        string
	versions      []string
}

func describeMachine(ctx context.Context, c config, args []string) (machine, error) {
	m := machine{
		date: time.Now(), cores: runtime.NumCPU(), arch: runtime.GOOS + "/" + runtime.GOARCH,
		command: strings.Join(append([]string{"go run ./bench/peers"}, args...), " "),
	}
	for name, to := range map[string]*string{"/proc/sys/kernel/osrelease": &m.kernel, "/proc/cpuinfo": &m.cpu, "/proc/meminfo": &m.memory} {
		text, err := os.ReadFile(name)
		if err != nil {
			return m, fmt.Errorf("describing the machine: %w", err)
		}
		*to = strings.TrimSpace(string(text))
	}
	m.cpu, m.memory = lineValue(m.cpu, "model name"), lineValue(m.memory, "MemTotal")
	programs := []string{c.slotstorm, c.redisServer, c.redisBenchmark}
	if c.memtier != "" {
		programs = append(programs, c.memtier)
	}
	for _, path := range programs {
		text, err := exec.CommandContext(ctx, path, "--version").Output()
		if err != nil {
			return m, fmt.Errorf("asking %s for its version: %w", path, err)
		}
		m.versions = append(m.versions, version(string(text)))
	}
	return m, nil
}

// lineValue is the value of the first line 'name : value'.
func lineValue(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// version is what a program says of itself up to its licence.
func version(text string) string {
	text, _, _ = strings.Cut(text, "\nCopyright")
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, ", ")
}
