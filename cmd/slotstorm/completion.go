package main

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/explain"
	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/internal/starter"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// shellScripts call the hidden verb completeVerb.
//
//go:embed shells/slotstorm.*
var shellScripts embed.FS

// shellNames are the shells with a script.
var shellNames = []string{"bash", "zsh", "fish"}

// completeVerb is called by the scripts. Its arguments are the words before the cursor
// without the name of the program. The last one is the word that is being typed.
const completeVerb = "__complete"

func (p *program) completionVerb() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a script for shell completion",
		UsageText: examples("slotstorm completion bash", "slotstorm completion fish"),
		ArgsUsage: strings.Join(shellNames, "|"),
		Description: "bash:  source <(slotstorm completion bash)\n" +
			"zsh:   slotstorm completion zsh > \"${fpath[1]}/_slotstorm\"\n" +
			"fish:  slotstorm completion fish > ~/.config/fish/completions/slotstorm.fish",
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usagef("slotstorm completion needs one shell: %s", strings.Join(shellNames, ", "))
			}
			shell := c.Args().First()
			if !slices.Contains(shellNames, shell) {
				return usagef("no completion for %q%s; use one of %s", shell, suggest(shell, shellNames), strings.Join(shellNames, ", "))
			}
			script, err := shellScripts.ReadFile("shells/slotstorm." + shell)
			if err != nil {
				return fmt.Errorf("reading the script: %w", err)
			}
			_, err = p.out.Write(script)
			return err
		},
	}
}

// complete prints a line "word<TAB>about" for each candidate that begins with the typed
// word. The last line says whether the shell adds files or folders.
func (p *program) complete(typed []string) error {
	typed = joinAssignments(typed)
	if len(typed) == 0 {
		typed = []string{""}
	}
	current := typed[len(typed)-1]
	list, f := p.candidates(typed[:len(typed)-1], current)
	for _, c := range list {
		if strings.HasPrefix(c.word, current) {
			fmt.Fprintf(p.out, "%s\t%s\n", c.word, c.about)
		}
	}
	_, err := io.WriteString(p.out, f.directive()+"\n")
	return err
}

// joinAssignments undoes what bash does to --flag=value, and to the PATH=VALUE of --set: three
// words.
func joinAssignments(typed []string) []string {
	var list []string
	for i := 0; i < len(typed); i++ {
		last := len(list) - 1
		if typed[i] == "=" && last >= 0 && (strings.HasPrefix(list[last], "--") || last > 0 && list[last-1] == "--set") {
			list[last] += "="
			if i+1 < len(typed) {
				i++
				list[last] += typed[i]
			}
			continue
		}
		list = append(list, typed[i])
	}
	return list
}

// candidates are the words that may stand where current is typed.
func (p *program) candidates(before []string, current string) ([]candidate, files) {
	p.root = outOf(before)
	verb := verbOf(p.app, before)
	onlyArgs := slices.Contains(before, "--")
	if !onlyArgs {
		if name, _, ok := strings.Cut(current, "="); ok && strings.HasPrefix(name, "--") {
			return p.flagValues(verb, before, typedValue{name[2:], name + "=", current})
		}
		if len(before) > 0 && isFlag(before[len(before)-1]) && wantsNext(p.app, before[len(before)-1]) {
			return p.flagValues(verb, before, typedValue{strings.TrimLeft(before[len(before)-1], "-"), "", current})
		}
		if strings.HasPrefix(current, "-") {
			return flagNames(slices.Concat(flagsOf(verb), p.app.Flags)), noFiles
		}
	}
	if verb == nil {
		return p.verbCandidates(), noFiles
	}
	return p.argCandidates(verb, before, current)
}

// outOf is the value of --out among words.
func outOf(before []string) string {
	root := results.DefaultRoot
	for i, a := range before {
		if v, ok := strings.CutPrefix(a, "--out="); ok {
			root = v
		} else if a == "--out" && i+1 < len(before) {
			root = before[i+1]
		}
	}
	return root
}

func (p *program) verbCandidates() []candidate {
	var list []candidate
	for _, v := range p.app.Commands {
		if !v.Hidden {
			list = append(list, candidate{v.Name, v.Usage})
		}
	}
	return list
}

func flagNames(flags []cli.Flag) []candidate {
	list := []candidate{{"--help", "show help"}}
	for _, f := range flags {
		_, usage := describe(f)
		for _, n := range f.Names() {
			dashes := "--"
			if len(n) == 1 {
				dashes = "-"
			}
			list = append(list, candidate{dashes + n, usage})
		}
	}
	return list
}

// flagValues are the values of a flag, behind its prefix.
func (p *program) flagValues(verb *cli.Command, before []string, typed typedValue) ([]candidate, files) {
	prefix := typed.prefix
	f, _ := lookup(p.app, verb, typed.flag)
	if f == nil || !takesValue(f) {
		return nil, noFiles
	}
	var words []string
	switch f.Names()[0] {
	case "out":
		return nil, onlyDirs
	case "output", "binary":
		return nil, anyFiles
	case "isolation":
		words = []string{local.Namespaces, local.None}
	case "allow":
		words = []string{string(scenarios.MajorityDown), string(scenarios.ShardsDown)}
	case "format":
		words = report.Names(report.Run)
	case "set":
		return settingCandidates(typed, scenarioIn(before))
	case "baseline":
		return behind(prefix, p.runCandidates()), onlyDirs
	case "scenario":
		words = p.scenarioNames()
	case "verdict":
		words = outcomes()
	case "metric":
		words = metrics.Names()
	case "cluster":
		words = scenarios.Providers
	case "profile":
		return choices(prefix, starter.Profiles()), noFiles
	case "fault":
		return choices(prefix, starter.Faults()), noFiles
	case "traffic":
		words = []string{"bus", "client", "all"}
	}
	return plainWords(prefix, words), noFiles
}

func (p *program) argCandidates(verb *cli.Command, before []string, current string) ([]candidate, files) {
	switch verb.Name {
	case "run", "validate", "inspect", "capacity", "up", "manifests":
		return builtinCandidates(), anyFiles
	case "tune":
		return p.tuneCandidates(before)
	case "report", "compare", "trend", "audit", "recover":
		if current == "" {
			return p.runCandidates(), noFiles // folders are offered once a word is begun
		}
		return p.runCandidates(), onlyDirs
	case "init":
		return nil, anyFiles
	case "list":
		return plainWords("", []string{"runs", "scenarios"}), noFiles
	case "explain":
		return explainCandidates(), noFiles
	case "completion":
		return plainWords("", shellNames), noFiles
	case "help":
		return append(p.verbCandidates(), candidate{"exit-codes", "meaning of the exit codes"}), noFiles
	}
	return nil, noFiles
}

// builtinCandidates are the built-in scenarios.
func builtinCandidates() []candidate {
	var list []candidate
	for _, b := range scenarios.Builtin() {
		list = append(list, candidate{b.Name, strings.Join(strings.Fields(b.Description), " ")})
	}
	return list
}

// tuneCandidates are what can be tuned, and behind it the scenarios.
func (p *program) tuneCandidates(before []string) ([]candidate, files) {
	if slices.Contains(before, tuneTimeout) {
		return builtinCandidates(), anyFiles
	}
	return []candidate{{tuneTimeout, "the lowest cluster-node-timeout without a false failover"}}, noFiles
}

// runCandidates are the runs under --out, newest first. Completion prints no errors: a
// folder that cannot be listed has no candidates.
func (p *program) runCandidates() []candidate {
	list := []candidate{{"latest", "the newest run"}}
	entries, err := results.List(p.root)
	if err != nil {
		return list
	}
	for _, e := range slices.Backward(entries) {
		about := ""
		if e.Run != nil && e.Run.Summary != nil {
			about = string(e.Run.Summary.Verdict)
		}
		list = append(list, candidate{e.ID, about})
	}
	return list
}

// explainCandidates are all names that explain has a list of, but for targets: they are
// several words.
func explainCandidates() []candidate {
	var list []candidate
	for _, k := range explain.Kinds() {
		list = append(list, candidate{plural(k), "all " + plural(k)})
	}
	for _, k := range explain.Kinds() {
		topics, err := explain.Topics(k)
		if err != nil || k == explain.Target {
			continue // completion prints no errors
		}
		for _, t := range topics {
			list = append(list, candidate{t.Name, string(k)})
		}
	}
	return list
}

// behind are candidates with a prefix.
func behind(prefix string, list []candidate) []candidate {
	for i := range list {
		list[i].word = prefix + list[i].word
	}
	return list
}

// scenarioNames are the scenarios of the runs under --out.
func (p *program) scenarioNames() []string {
	entries, err := results.List(p.root)
	if err != nil {
		return nil // completion prints no errors
	}
	var names []string
	for _, e := range entries {
		if e.Run != nil && !slices.Contains(names, e.Run.Name) {
			names = append(names, e.Run.Name)
		}
	}
	return names
}

// choices are the answers to a question of init, with their meanings.
func choices(prefix string, list []starter.Choice) []candidate {
	words := make([]candidate, len(list))
	for i, c := range list {
		words[i] = candidate{prefix + c.Name, c.About}
	}
	return words
}
