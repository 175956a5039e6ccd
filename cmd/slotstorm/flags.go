package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/scenarios"
)

// overrideFlags override fields of a scenario that is run. cluster and repeat describe the
// flags whose meaning depends on the verb.
func overrideFlags(cluster, repeat string) []cli.Flag {
	return append(clusterFlags(cluster),
		&cli.Uint64Flag{Name: "seed", Usage: "set the random seed to `N`; the same seed repeats the same random choices"},
		&cli.IntFlag{Name: "repeat", Usage: repeat})
}

// clusterFlags override fields of a scenario of which only the cluster counts.
func clusterFlags(cluster string) []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "set", Usage: "set a field of the scenario with `PATH=VALUE`, such as workload.rate=500; may be repeated"},
		&cli.StringFlag{Name: "cluster", Usage: cluster},
	}
}

// settingFlags are overrideFlags of a verb that runs nothing.
func settingFlags() []cli.Flag {
	return overrideFlags("set cluster.provider to `PROVIDER`: local, kind or kube", "set the field repeat, the number of runs, to `N`")
}

// contextFlag names a cluster that may be shared with others.
func contextFlag() cli.Flag {
	return &cli.StringFlag{Name: "context", Usage: "use the context `NAME` of the kubeconfig, with --cluster kube; default: the context in cluster.kube.context, else the current context; either is accepted only if it is a kind, k3d or minikube cluster on this machine"}
}

func allowExecFlag(usage string) cli.Flag {
	return &cli.BoolFlag{Name: "allow-exec", Usage: usage}
}

// overrides returns the values of overrideFlags in the form of --set. The flags with
// their own names come last and win.
func overrides(c *cli.Context) []string {
	set := c.StringSlice("set")
	if c.IsSet("seed") {
		set = append(set, "seed="+strconv.FormatUint(c.Uint64("seed"), 10))
	}
	if c.IsSet("cluster") {
		set = append(set, "cluster.provider="+c.String("cluster"))
	}
	if c.IsSet("repeat") {
		set = append(set, "repeat="+strconv.Itoa(c.Int("repeat")))
	}
	return set
}

// scenarioArg is the only argument of a verb that takes a scenario.
func scenarioArg(c *cli.Context) (string, error) {
	switch c.NArg() {
	case 1:
		return c.Args().First(), nil
	case 0:
		return "", usagef("slotstorm %s needs a scenario: a file, - for standard input, or a built-in scenario such as kill-primary; 'slotstorm list scenarios' lists them", c.Command.Name)
	}
	return "", usagef("slotstorm %s takes one scenario, but got %d: %s", c.Command.Name, c.NArg(), strings.Join(c.Args().Slice(), " "))
}

// unreadable marks the error of a scenario that cannot be read as invalid input.
func unreadable(err error) error {
	var invalid scenarios.Errors
	if errors.As(err, &invalid) {
		return err
	}
	return &exit{exitInvalid, err}
}

// single loads a scenario for a verb that has one way to run it.
func single(name string, set []string) (*scenarios.Scenario, error) {
	s, err := scenarios.Load(name, set...)
	if err != nil {
		return nil, unreadable(err)
	}
	if len(s.Matrix) > 0 {
		return nil, usagef("%s has a matrix, which is for 'slotstorm run': add --set matrix=null to leave it out", name)
	}
	return s, nil
}

// placeFlags are the flags about the place of a run, as typed.
func placeFlags(c *cli.Context) string {
	text := ""
	for _, name := range []string{"context", "on", "i-own"} {
		if c.IsSet(name) {
			text += " --" + name + " " + quote(c.String(name))
		}
	}
	if c.Bool("allow-exec") {
		text += " --allow-exec"
	}
	return text
}

// repeatCommand is the command line that repeats a run, one of many or not.
func repeatCommand(name string, set []string, seed uint64, many bool) string {
	words := []string{"slotstorm", "run", quote(name)}
	for _, o := range lasting(set) {
		words = append(words, "--set", quote(o))
	}
	words = append(words, "--seed", strconv.FormatUint(seed, 10))
	if many {
		words = append(words, "--repeat", "1")
	}
	return strings.Join(words, " ")
}

// lasting are the overrides that all runs of a command line share: not the seed, and not
// how many there are.
func lasting(set []string) []string {
	var list []string
	for _, o := range set {
		if key, _, _ := strings.Cut(o, "="); key != "seed" && key != "repeat" {
			list = append(list, o)
		}
	}
	return list
}

// quote writes a word so that a POSIX shell reads it back.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// builtinNames are the names of the built-in scenarios.
func builtinNames() []string {
	var names []string
	for _, b := range scenarios.Builtin() {
		names = append(names, b.Name)
	}
	return names
}
