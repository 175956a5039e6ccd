// Package recount counts lost writes without slotstorm's client and without its
// auditor, for tests that hold the auditor against it:
//
//	ledger ─▶ plain commands of another program ─▶ acknowledged writes that are gone
//
// It looks at keys that are written once and at lists alone: there each write is
// seen by itself, and nothing needs to be reasoned about.
package recount

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// Ask returns the lines of the answer to a command; a key that does not exist has no
// lines.
type Ask func(ctx context.Context, command ...string) ([]string, error)

// RedisCLI asks by redis-cli, which follows the cluster's redirections from the
// node at addr on.
func RedisCLI(addr string) Ask {
	return func(ctx context.Context, command ...string) ([]string, error) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("redis-cli: %w", err)
		}
		out, err := exec.CommandContext(ctx, "redis-cli", append([]string{"-c", "-e", "-h", host, "-p", port}, command...)...).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("redis-cli %s: %w: %s", strings.Join(command, " "), err, out)
		}
		text := strings.Trim(string(out), "\n")
		if text == "" {
			return nil, nil
		}
		return strings.Split(text, "\n"), nil
	}
}

// Covers reports whether Lost looks at a write.
func Covers(w results.Write) bool {
	return w.Kind == "" || w.Kind == results.KindOnce || w.Kind == results.KindList
}

// Values reads all keys of the ledger that are covered, and returns their values by key.
// The ledger may still grow; later writes are left out.
func Values(ctx context.Context, writes []results.Write, ask Ask) (map[string][]string, error) {
	values := map[string][]string{}
	for _, w := range writes {
		if _, done := values[w.Key]; done || !Covers(w) {
			continue
		}
		command := []string{"GET", w.Key}
		if w.Kind == results.KindList {
			command = []string{"LRANGE", w.Key, "0", "-1"}
		}
		v, err := ask(ctx, command...)
		if err != nil {
			return nil, err
		}
		values[w.Key] = v
	}
	return values, nil
}

// Lost lists the acknowledged writes whose values are gone, by their numbers.
func Lost(writes []results.Write, values map[string][]string) []int {
	var lost []int
	for _, w := range writes {
		if results.Outcome(w.Outcome) == results.OK && Covers(w) && !slices.Contains(values[w.Key], w.Value) {
			lost = append(lost, w.Seq)
		}
	}
	slices.Sort(lost)
	return lost
}

// Found lists the writes that findings of package audit call lost, of those that
// are covered, by their numbers.
func Found(findings []results.Finding) []int {
	var lost []int
	for _, f := range findings {
		if f.Class == results.ClassLost && Covers(f.Write) {
			lost = append(lost, f.Write.Seq)
		}
	}
	slices.Sort(lost)
	return lost
}
