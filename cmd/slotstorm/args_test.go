package main

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestArrange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, want string }{
		{"", "slotstorm"},
		{"run a.yaml", "slotstorm run -- a.yaml"},
		{"run a.yaml --seed 3", "slotstorm run --seed=3 -- a.yaml"},
		{"run --seed=3 a.yaml", "slotstorm run --seed=3 -- a.yaml"},
		{"--seed 3 run a.yaml", "slotstorm run --seed=3 -- a.yaml"},
		{"run a.yaml --json", "slotstorm --json run -- a.yaml"},
		{"--json run a.yaml", "slotstorm --json run -- a.yaml"},
		{"--json=false run a.yaml", "slotstorm --json=false run -- a.yaml"},
		{"run a.yaml -q", "slotstorm --quiet run -- a.yaml"},
		{"run -qv a.yaml", "slotstorm --quiet --verbose run -- a.yaml"},
		{"report -o out.html r1", "slotstorm report --output=out.html -- r1"},
		{"report -oout.html r1", "slotstorm report --output=out.html -- r1"},
		{"report -o=out.html r1", "slotstorm report --output=out.html -- r1"},
		{"report r1 -qo out.html", "slotstorm --quiet report --output=out.html -- r1"},
		{"-q report -o out.html r1", "slotstorm --quiet report --output=out.html -- r1"},
		{"run --set a=b=c x --set d=e,f", "slotstorm run --set=a=b=c --set=d=e,f -- x"},
		{"run --set --odd x", "slotstorm run --set=--odd -- x"},
		{"run --out= x", "slotstorm --out= run -- x"},
		{"--out run run x", "slotstorm --out=run run -- x"},
		{"report -- -odd --json", "slotstorm report -- -odd --json"},
		{"report --json -- -odd", "slotstorm --json report -- -odd"},
		{"-- run x", "slotstorm run -- x"},
		{"validate -", "slotstorm validate -- -"},
		{"list scenarios", "slotstorm list -- scenarios"},
	} {
		w, err := arrange(newBench(t).application(), strings.Fields(tt.typed))
		if err != nil {
			t.Errorf("%q: %v", tt.typed, err)
			continue
		}
		if got := strings.Join(w.line("slotstorm"), " "); strings.TrimSuffix(got, " --") != tt.want {
			t.Errorf("%q became %q, want %q", tt.typed, got, tt.want)
		}
	}
}

func TestArrangeHelpAndVersion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed         string
		help, version bool
	}{
		{"--help", true, false},
		{"-h", true, false},
		{"-help", true, false},
		{"run --help", true, false},
		{"run x --seed 3 -h", true, false},
		{"run -- --help", false, false},
		{"--version", false, true},
		{"run --set --help x", false, false},
	} {
		w, err := arrange(newBench(t).application(), strings.Fields(tt.typed))
		if err != nil || w.help != tt.help || w.version != tt.version {
			t.Errorf("%q: help %v, version %v, error %v", tt.typed, w.help, w.version, err)
		}
	}
}

func TestArrangeRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, want string }{
		{"rum x", `unknown verb "rum" (did you mean run?); 'slotstorm help' lists all verbs`},
		{"xyzzy", `unknown verb "xyzzy"; 'slotstorm help' lists all verbs`},
		{"a.yaml run", `unknown verb "a.yaml"; 'slotstorm help' lists all verbs`},
		{"run --sed 3 x", "slotstorm run has no flag --sed (did you mean --seed?)"},
		{"run --jsn x", "slotstorm run has no flag --jsn (did you mean --json?)"},
		{"run -x", "slotstorm run has no flag -x"},
		{"run -qx", "slotstorm run has no flag -x"},
		{"run -seed 3", "unknown flag -seed; did you mean --seed?"},
		{"--quit", "slotstorm has no flag --quit (did you mean --quiet?)"},
		{"list --seed 3", "slotstorm list has no flag --seed, which belongs to slotstorm run; 'slotstorm help list' lists its flags"},
		{"--seed 3", "--seed needs a verb, such as: slotstorm run ..."},
		{"run x --seed", "--seed needs a value"},
		{"report -o", "-o needs a value"},
		{"run --xyzzy", "slotstorm run has no flag --xyzzy"},
	} {
		_, err := arrange(newBench(t).application(), strings.Fields(tt.typed))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: got %v, want %s", tt.typed, err, tt.want)
		}
	}
}

// TestFlagArity: arrange finds the verb before it knows whose flags are whose.
func TestFlagArity(t *testing.T) {
	t.Parallel()
	app := newBench(t).application()
	seen := map[string]bool{}
	check := func(owner string, flags []cli.Flag) {
		for _, f := range flags {
			for _, name := range f.Names() {
				if arity, ok := seen[name]; ok && arity != takesValue(f) {
					t.Errorf("%s: --%s takes a value here and none elsewhere, or the reverse", owner, name)
				}
				seen[name] = takesValue(f)
			}
		}
	}
	check("slotstorm", app.Flags)
	for _, c := range app.Commands {
		check(c.Name, c.Flags)
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	known := []string{"run", "validate", "inspect", "--set", "--seed"}
	for word, want := range map[string]string{
		"rnu": "run", "validte": "validate", "inspec": "inspect", "--sed": "--seed", "--sett": "--set", "zebra": "", "": "",
	} {
		got := strings.TrimSuffix(strings.TrimPrefix(suggest(word, known), " (did you mean "), "?)")
		if got != want {
			t.Errorf("suggest(%q) = %q, want %q", word, got, want)
		}
	}
}
