package explain

import (
	"bytes"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Every topic has a text of whole sentences, and is found by its name.
func TestTopics(t *testing.T) {
	seen := map[string]Kind{}
	for _, k := range Kinds() {
		list, err := Topics(k)
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %d topics, %v", k, len(list), err)
		}
		for _, one := range list {
			if other, twice := seen[one.Name]; twice {
				t.Errorf("%s is a %s and a %s", one.Name, other, k)
			}
			seen[one.Name] = k
			if !strings.HasSuffix(strings.TrimSpace(one.Text), ".") {
				t.Errorf("%s %s: %q is no sentence", k, one.Name, one.Text)
			}
			got, ok, err := Find(one.Name)
			if err != nil || !ok || got.Kind != k || got.Name != one.Name {
				t.Errorf("%s %s is found as %+v, %v, %v", k, one.Name, got, ok, err)
			}
			for _, f := range one.Fields {
				if f.Text == "" || f.Type == "" {
					t.Errorf("%s.%s: %+v", one.Name, f.Name, f)
				}
			}
		}
	}
}

func TestTargets(t *testing.T) {
	for _, f := range scenarios.TargetForms() {
		var target scenarios.Target
		if err := target.UnmarshalText([]byte(f.Example)); err != nil {
			t.Errorf("%s: the example %q: %v", f.Form, f.Example, err)
		}
		got, ok, err := Find(f.Example)
		if strings.Contains(f.Example, " ") && (err != nil || !ok || got.Name != f.Form) {
			t.Errorf("%s is found as %q, %v, %v", f.Example, got.Name, ok, err)
		}
	}
	for text, want := range map[string]string{
		"shard of key user:1": "shard N", "replica of the hottest slot": "primary|replica|replicas of the hottest slot", "all things": "", "primary of slot x": "",
	} {
		if got := scenarios.TargetFormOf(text); got != want {
			t.Errorf("%s is of the form %q, want %q", text, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	for path, want := range map[string]struct{ holds, says, field string }{
		"redis.auth.user":              {holds: "string"},
		"timeline.faults":              {holds: "list of object", field: "kill"},
		"timeline.faults[0].kill.away": {holds: "string or forever"},
		"timeline.faults.kill":         {holds: "object", field: "target"},
		"workload.client.options":      {field: "dialTimeout"},
		"redis.shards":                 {holds: "integer", says: "Default: 3."},
		"metadata":                     {field: "name"},
	} {
		got, ok, err := Find(path)
		if err != nil || !ok || got.Kind != Field {
			t.Errorf("%s: %+v, %v, %v", path, got, ok, err)
			continue
		}
		has := want.field == ""
		for _, f := range got.Fields {
			has = has || f.Name == want.field
		}
		if want.holds != "" && got.Type != want.holds || !strings.Contains(got.Text, want.says) || !has {
			t.Errorf("%s: %+v", path, got)
		}
	}
	for _, path := range []string{"redis.nothing", "nothing", "", "redis..auth", "redis.auth.user.name"} {
		if got, ok, err := Find(path); ok || err != nil {
			t.Errorf("%s is found as %+v, %v", path, got, err)
		}
	}
}

func TestNear(t *testing.T) {
	for name, want := range map[string]string{"respnse.p99": "response.p99", "klil": "kill", "inconclusiv": "inconclusive", "split-brian": "split-brain", "parti": "partition"} {
		got, err := Near(name)
		if err != nil || len(got) == 0 || got[0] != want {
			t.Errorf("%s: %v, %v, want %s first", name, got, err, want)
		}
	}
	if got, err := Near("zzzzzzzz"); len(got) != 0 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestPages(t *testing.T) {
	var b bytes.Buffer
	if err := FindingsPage(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| `split-brain` |", "| `inconclusive` |", "| `random primary\\|replica` |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
