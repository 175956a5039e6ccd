package scenarios

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// commentsIn are the comments of a text, without those of the fields that an override adds.
func commentsIn(text []byte) []string {
	var list []string
	for line := range strings.Lines(string(text)) {
		if _, comment, ok := strings.Cut(line, "#"); ok {
			list = append(list, strings.TrimSpace(comment))
		}
	}
	return list
}

// TestCommented: every built-in scenario keeps all of its comments and empty lines with
// overrides, and means what it means with them otherwise.
func TestCommented(t *testing.T) {
	overrides := []string{"workload.rate=77", "seed=9", "redis.config.maxmemory=100mb", "metadata.labels.team=storage"}
	for _, b := range Builtin() {
		plain, err := Commented(b.Name)
		if err != nil || string(plain) != string(b.Data) {
			t.Errorf("%s: %v: it is not as it was", b.Name, err)
		}
		got, err := Commented(b.Name, overrides...)
		if err != nil {
			t.Errorf("%s: %v", b.Name, err)
			continue
		}
		if had, has := commentsIn(b.Data), commentsIn(got); !slices.Equal(had, has) {
			t.Errorf("%s: the comments are\n%q, not\n%q", b.Name, has, had)
		}
		if had, has := strings.Count(string(b.Data), "\n\n"), strings.Count(string(got), "\n\n"); had != has || strings.Contains(string(got), emptyLine) {
			t.Errorf("%s has %d empty lines, not %d:\n%s", b.Name, has, had, got)
		}
		want, err := Parse(b.Name, b.Data, overrides...)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(b.Name, got)
		if err != nil || !reflect.DeepEqual(want, again) {
			t.Errorf("%s: %v\n%s", b.Name, err, got)
		}
	}
}

// TestCommentedInPlace shows where comments stand, and refuses what Load refuses.
func TestCommentedInPlace(t *testing.T) {
	const text = `# first

apiVersion: slotstorm/v1
kind: Scenario # what it is
metadata: {name: x}

# how much
workload:
  rate: 5 # per second
timeline:
  phases:
    # one
    - {name: a, duration: 1s}
    # two
    - {name: b, duration: 2s}
# last
`
	d, _, _ := one("x.yaml", []byte(text), []string{"workload.rate=7", "timeline.phases[1].duration=3s", "metadata.name=yes"})
	if len(d.errs) > 0 {
		t.Fatal(d.errs)
	}
	got, err := d.write()
	want := strings.NewReplacer("rate: 5", "rate: 7", "duration: 2s", "duration: 3s", "name: x", `name: yes`).Replace(text)
	if err != nil || string(got) != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
	var back struct{ Workload struct{ Rate float64 } }
	if err := yaml.Unmarshal(got, &back); err != nil || back.Workload.Rate != 7 {
		t.Error(err, back)
	}
	if _, err := Commented("kill-primary", "workload.rate=fast"); err == nil {
		t.Error("a mistake in an override is accepted")
	}
}

// TestCommentedMeansTheSame: whatever a file has, the text with overrides is read as the
// same scenario, with its comments and its line ends.
func TestCommentedMeansTheSame(t *testing.T) {
	const head = "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x}\n"
	const phases = "timeline:\n  phases:\n    - {name: a, duration: 10s}\n"
	const commented = "\n# one\n\nworkload:\n  # two\n\n  rate: 5 # three\n"
	for name, text := range map[string]string{
		"a merge":     head + "redis:\n  config: &base {maxmemory: 100mb, save: \"\"} # base\n  nodes:\n    - node: node-0\n      config:\n        # above\n        <<: *base # merged\n        maxmemory: 200mb # own\n" + phases,
		"two merges":  head + "redis:\n  config: &base {maxmemory: 100mb}\n  nodes:\n    - {node: node-0, config: &more {<<: *base, save: \"\"}}\n    - {node: node-1, config: {<<: [*more, *base]}}\n" + phases,
		"an alias":    head + "redis: {config: &c {maxmemory: 100mb}, nodes: [{node: node-0, config: *c}]}\n" + phases,
		"line ends":   strings.ReplaceAll(head+commented+phases, "\n", "\r\n"),
		"empty lines": head + commented + phases,
		"a script":    head + "workload:\n  mix:\n    - command: EVALSHA\n      weight: 1\n      script: |\n        # no comment\n\n        return 1\n" + phases,
		"quotes":      head + "redis: {config: {maxmemory: \"100\", save: '900 1'}} # a # b\n" + phases,
	} {
		file := filepath.Join(t.TempDir(), "x.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		want, err := Load(file, "seed=9")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := Commented(file, "seed=9")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := Parse(file, got)
		if err != nil || !reflect.DeepEqual(want, again) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
		had, has := commentsIn([]byte(text)), commentsIn(got)
		slices.Sort(had)
		slices.Sort(has)
		if !slices.Equal(had, has) || strings.Contains(text, "\r") != strings.Contains(string(got), "\r") || strings.Count(string(got), "\r\n") != strings.Count(string(got), "\r") {
			t.Errorf("%s: the comments are %q, not %q, in\n%q", name, has, had, got)
		}
	}
}

// TestCommentedIsReadAgain: a text that means another scenario is not given out. Here a
// line of a script looks as an empty line does in the tree.
func TestCommentedIsReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.yaml")
	text := "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x}\nworkload:\n  mix:\n    - command: EVALSHA\n      weight: 1\n      script: |\n        local a = [[\n        " + emptyLine + "\n        ]]\n        return 1\ntimeline:\n  phases:\n    - {name: a, duration: 10s}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Commented(file, "seed=9"); err == nil || !strings.Contains(err.Error(), "leave --comments out") {
		t.Errorf("%v, %q", err, got)
	}
}
