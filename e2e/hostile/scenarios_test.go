//go:build e2e && linux

package hostile

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// input is one hostile file or setting.
type input struct {
	name string
	// text is the file's; put makes it, where that is not a file with text.
	text string
	put  func(t *testing.T, path, canary string)
	set  []string
}

// base is the scenario that the hostile ones are made from.
const base = "../../scenarios/builtin/kill-primary.yaml"

// scenarioInputs are hostile scenarios: forms of the file, each field of the
// scenario with some of the words, files that cost a parser much, and settings.
func scenarioInputs(t *testing.T) []input {
	t.Helper()
	text := read(t, base)
	var list []input
	for _, f := range forms {
		list = append(list, input{name: "file/" + f.name, put: func(t *testing.T, path, canary string) { f.put(t, path, text, canary) }})
	}
	leaves := len(scalars(document(t, text)))
	for i := range leaves {
		for n := range 3 {
			w := words[(i*3+n)%len(words)]
			doc := document(t, text)
			leaf := scalars(doc)[i]
			leaf.Value, leaf.Tag, leaf.Style = w.text, "", 0
			if !utf8.ValidString(w.text) || strings.ContainsAny(w.text, "\x00\x1b\r\n<`") {
				leaf.Tag, leaf.Style = "!!str", yaml.DoubleQuotedStyle
			}
			raw, err := yaml.Marshal(doc)
			if err != nil {
				// YAML cannot encode this word: it goes into the file as it is.
				raw = []byte(strings.Replace(text, "name: kill-primary", "name: "+w.text, 1))
			}
			list = append(list, input{name: fmt.Sprintf("field %d/%s", i, w.name), text: string(raw)})
		}
	}
	for name, costly := range costlyYAML() {
		list = append(list, input{name: "costly/" + name, text: costly})
	}
	for _, path := range []string{"metadata.name", "redis.binary", "redis.config.dbfilename", "redis.config.maxmemory", "workload.rate", "workload.pattern.replay.file", "seed"} {
		for _, w := range words {
			if !strings.Contains(w.text, "\x00") { // an argument cannot carry it
				list = append(list, input{name: "set/" + path + "/" + w.name, text: text, set: []string{"--set", path + "=" + w.text}})
			}
		}
	}
	return list
}

// costlyYAML is small to write and expensive to read.
func costlyYAML() map[string]string {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		ref := fmt.Sprintf("*a%d, ", i)
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(ref, 9), ", "))
	}
	phases := "timeline:\n  phases:\n" + strings.Repeat("    - {name: p, duration: 1s}\n", 100_000)
	return map[string]string{
		"anchors within anchors":    bomb,
		"an anchor of itself":       "a: &a [*a]\n",
		"merges":                    "a: &a {<<: *a}\n",
		"dashes":                    strings.Repeat("- ", 200_000),
		"questions":                 strings.Repeat("? ", 200_000),
		"indents":                   indents(3000),
		"documents":                 strings.Repeat("---\na: 1\n", 50_000),
		"a hundred thousand phases": "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x}\n" + phases,
		"keys":                      keys(100_000),
		"the same key":              strings.Repeat("seed: 1\n", 50_000),
		"a long key":                strings.Repeat("k", 1<<20) + ": 1\n",
		"comments":                  strings.Repeat("# x\n", 500_000),
		"tags":                      strings.Repeat("!!a ", 50_000),
		"a billion lines ahead":     "seed: 1\n" + strings.Repeat("\n", 1<<20) + "sed: 1\n",
		"a matrix":                  "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x}\nmatrix: {" + strings.Repeat("seed: [1, 2, 3, 4, 5, 6, 7, 8, 9], ", 1) + "workload.rate: [" + strings.Repeat("1, ", 100_000) + "1]}\n",
	}
}

func indents(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%d: 1\n", i)
	}
	return b.String()
}

func document(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	must(t, yaml.Unmarshal([]byte(text), &doc))
	return &doc
}

// scalars are the values of a document that are no keys.
func scalars(n *yaml.Node) []*yaml.Node {
	var list []*yaml.Node
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		if c.Kind == yaml.ScalarNode {
			list = append(list, c)
		}
		list = append(list, scalars(c)...)
	}
	return list
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, in := range scenarioInputs(t) {
		t.Run(in.name, func(t *testing.T) {
			t.Parallel()
			g := newGround(t)
			path := g.path("work", "scenario.yaml")
			if in.put != nil {
				in.put(t, path, g.canary())
			} else {
				write(t, path, in.text)
			}
			for _, verb := range [][]string{{"validate"}, {"inspect"}, {"run", "--dry-run"}} {
				e := g.run(slices.Concat(verb, []string{"scenario.yaml"}, in.set)...)
				g.harmless(e)
				if in.name == "file/a FIFO" {
					break // each verb waits a minute for a writer
				}
				if verb[0] == "validate" && e.code == 1 {
					t.Errorf("%v: a scenario is valid or it is not, and exit code 1 says neither\n%s", e.args, short(e.stderr))
				}
			}
			if left, err := os.ReadDir(g.path("work")); err != nil || len(left) > 1 {
				t.Errorf("left in the working folder: %v %v", left, err)
			}
		})
	}
}
