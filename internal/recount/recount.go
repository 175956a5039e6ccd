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

// Redis is a redis-cli that follows the cluster's redirections: it carries out the commands
// of its standard input, and returns what it prints.
type Redis func(ctx context.Context, commands string) (string, error)

// Local is a redis-cli on this machine, which begins at the node at addr.
func Local(addr string) Redis {
	return func(ctx context.Context, commands string) (string, error) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return "", fmt.Errorf("redis-cli: %w", err)
		}
		cmd := exec.CommandContext(ctx, "redis-cli", "-c", "-h", host, "-p", port)
		cmd.Stdin = strings.NewReader(commands)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("redis-cli: %w: %s", err, out)
		}
		return string(out), nil
	}
}

// Covers reports whether Lost looks at a write.
func Covers(w results.Write) bool {
	return w.Kind == "" || w.Kind == results.KindOnce || w.Kind == results.KindList
}

// end is what follows each answer.
const end = "=end="

// Values reads all keys of the ledger that are covered, and returns their values by key; a
// key that does not exist has none. The ledger may still grow; later writes are left out.
func Values(ctx context.Context, writes []results.Write, redis Redis) (map[string][]string, error) {
	var keys []string
	var commands strings.Builder
	asked := map[string]bool{}
	for _, w := range writes {
		if asked[w.Key] || !Covers(w) {
			continue
		}
		asked[w.Key] = true
		keys = append(keys, w.Key)
		command := "GET " + w.Key
		if w.Kind == results.KindList {
			command = "LRANGE " + w.Key + " 0 -1"
		}
		fmt.Fprintf(&commands, "%s\nECHO %s\n", command, end)
	}
	text, err := redis(ctx, commands.String())
	if err != nil {
		return nil, err
	}
	answers := strings.Split(text, end+"\n")
	if len(answers) != len(keys)+1 {
		return nil, fmt.Errorf("redis-cli gave %d answers to %d commands: %.200q", len(answers)-1, len(keys), text)
	}
	values := map[string][]string{}
	for i, key := range keys {
		values[key] = nil
		for line := range strings.SplitSeq(answers[i], "\n") {
			switch {
			case line == "", strings.HasPrefix(line, "-> Redirected to "):
			case strings.Contains(line, " "): // as every error has, and no value of the audit
				return nil, fmt.Errorf("redis-cli, for %s: %s", key, line)
			default:
				values[key] = append(values[key], line)
			}
		}
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
