package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// outcome is what of a run's JSON decides.
type outcome struct {
	Verdict    string   `json:"verdict"`
	Reasons    []string `json:"reasons"`
	Objectives []struct {
		Metric string `json:"metric"`
		Shown  string `json:"shown"`
		Result string `json:"result"`
	} `json:"objectives"`
	Findings []struct {
		Rule string `json:"rule"`
	} `json:"findings"`
}

// attempts are how often a run is made while it is invalid: its generator was too late, which
// shows nothing about the server.
const attempts = 3

// valid is once, and again while the run is invalid.
func (c config) valid(ctx context.Context, i issue, s side, server string, n int) (o *outcome, err error) {
	for range attempts {
		if o, err = c.once(ctx, i, s, server, n); err != nil || o.Verdict != "invalid" {
			break
		}
	}
	return o, err
}

// once runs one side, with the seed of its number.
func (c config) once(ctx context.Context, i issue, s side, server string, n int) (*outcome, error) {
	scenario, err := c.scenario(i)
	if err != nil {
		return nil, err
	}
	args := []string{"run", scenario, "--seed", fmt.Sprint(n + 1), "--set", "redis.binary=" + server, "--out", filepath.Join(c.root, "runs"), "--json", "--quiet"}
	for _, set := range slices.Concat(i.Set, s.Set) {
		args = append(args, "--set", set)
	}
	cmd := exec.CommandContext(ctx, c.slotstorm, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	// The JSON holds the answer, whatever the exit code.
	failed := cmd.Run()
	var answer struct {
		Summary *outcome `json:"summary"`
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || answer.Summary == nil {
		return nil, fmt.Errorf("%w: %s", errors.Join(failed, err, ctx.Err()), strings.TrimSpace(errs.String()))
	}
	fmt.Fprintf(c.progress, "%s with %s: %s\n", i.Issue, s.With, answer.Summary)
	return answer.Summary, nil
}

// scenario is what 'slotstorm run' takes: a file, or the name of a built-in one.
func (c config) scenario(i issue) (string, error) {
	name, ok := i.own()
	if !ok {
		return i.Scenario, nil
	}
	raw, err := files.ReadFile(name)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(c.root, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(c.root, name)
	return path, os.WriteFile(path, raw, 0o644)
}

// String is the verdict with what it rests on.
func (o *outcome) String() string {
	parts := []string{o.Verdict}
	for _, j := range o.Objectives {
		parts = append(parts, fmt.Sprintf("%s %s (%s)", j.Metric, j.Shown, j.Result))
	}
	var rules []string
	for _, f := range o.Findings {
		rules = append(rules, f.Rule)
	}
	return strings.Join(append(parts, "findings: "+strings.Join(rules, " ")), ", ")
}

func (o *outcome) missed(metric string) bool {
	for _, j := range o.Objectives {
		if j.Metric == metric && j.Result == "fail" {
			return true
		}
	}
	return false
}

func (o *outcome) finds(rule string) bool {
	for _, f := range o.Findings {
		if f.Rule == rule {
			return true
		}
	}
	return false
}

// notRed is why a run with the fault does not show it; empty if it does.
func (i issue) notRed(o *outcome) string {
	switch {
	case i.Misses != "" && (o.Verdict != "fail" || !o.missed(i.Misses)):
		return fmt.Sprintf("%s, where a missed objective of %s was expected: %s", o.Verdict, i.Misses, strings.Join(o.Reasons, "; "))
	case i.Finding != "" && !o.finds(i.Finding):
		return "the finding " + i.Finding + " is missing"
	}
	return ""
}

// notGreen is why a run with the cure is not clean; empty if it is.
func (i issue) notGreen(o *outcome) string {
	switch {
	case o.Verdict != "pass":
		return fmt.Sprintf("%s, where pass was expected: %s", o.Verdict, strings.Join(o.Reasons, "; "))
	case i.Finding != "" && o.finds(i.Finding):
		return "the finding " + i.Finding + " is given with the cure too"
	}
	return ""
}
