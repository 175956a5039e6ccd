package scenarios

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestRender(t *testing.T) {
	es := Errors{
		{File: "a.yaml", Line: 12, Column: 4, Path: "redis.shards", Message: "is wrong", Hint: "mend it", Source: "\t\té: 5"},
		{File: "--set seed=x", Column: 6, Path: "seed", Message: "is wrong", Source: "seed=x"},
		{File: "a.yaml", Line: 1, Column: 1, Message: "is empty"},
	}
	want := "a.yaml:12:4: redis.shards: is wrong\n" +
		"  12 | \t\té: 5\n" +
		"     | \t\t ^\n" +
		"  hint: mend it\n" +
		"--set seed=x: seed: is wrong\n" +
		"   | seed=x\n" +
		"   |      ^\n" +
		"a.yaml:1:1: is empty\n"
	if got := es.Error() + "\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	var colored strings.Builder
	es[:1].Render(&colored, true)
	want = "\x1b[1ma.yaml:12:4\x1b[0m: redis.shards: \x1b[31mis wrong\x1b[0m\n" +
		"  12 | \t\té: 5\n" +
		"     | \t\t \x1b[32m^\x1b[0m\n" +
		"  \x1b[36mhint:\x1b[0m mend it\n"
	if colored.String() != want {
		t.Errorf("got:\n%q\nwant:\n%q", colored.String(), want)
	}
	if got := es[1].Error(); got != "--set seed=x: seed: is wrong" {
		t.Errorf("one error: %s", got)
	}
}

func TestErrorsAsJSON(t *testing.T) {
	_, err := Parse("f.yaml", []byte("apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x}\nrepeat: 0\ntimeline: {phases: [{name: a, duration: 1s}]}\n"))
	got, jsonErr := json.Marshal(err)
	want := `[{"file":"f.yaml","line":4,"column":9,"path":"repeat","message":"must be at least 1, not 0","hint":"it can be 1 to 1000","source":"repeat: 0"}]`
	if jsonErr != nil || string(got) != want {
		t.Errorf("%s, %v", got, jsonErr)
	}
}

// What is no scenario at all does not flood a terminal, nor take long.
func TestHostileFiles(t *testing.T) {
	fields := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "f%d: 1, ", i)
		}
		return "{" + b.String() + "}"
	}
	merges := "x: &a {k: 1}\n"
	for i := range 20 {
		merges += fmt.Sprintf("y%d: &%c {<<: [%s*%c]}\n", i, 'b'+i, strings.Repeat(fmt.Sprintf("*%c, ", 'a'+i), 20), 'a'+i)
	}
	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", 9000),
		"braces":   strings.Repeat("{a: ", 5000),
		"dashes":   strings.Repeat("- ", 5000),
		"keys":     strings.Repeat("? ", 5000),
		"indents":  strings.Repeat("a:\n ", 2) + strings.Repeat(" ", 5000) + "b: 1",
		"fields":   fields(40_000),
		"merges":   merges,
		"too long": "a: " + strings.Repeat("x", maxBytes),
		"anchors":  strings.Repeat("&a ", 5000),
		"tags":     strings.Repeat("!!str ", 5000),
		"one line": strings.Repeat("'", 100_000),
		"lines":    strings.Repeat("a: [\n", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := Parse("f.yaml", []byte(text))
			if err == nil {
				t.Fatal("accepted")
			}
			if out := err.Error(); len(out) > 100_000 {
				t.Errorf("%d bytes of errors", len(out))
			}
			t.Logf("%v: %.120s", time.Since(began), err)
		})
	}
}
