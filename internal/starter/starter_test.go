package starter

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// numbers are answers that are free.
type numbers struct {
	shards, replicas int
	rate             float64
	outage           time.Duration
}

// every calls use with each combination of the answers that are chosen from lists, with
// small and large numbers.
func every(use func(Answers)) {
	a := Defaults()
	for _, p := range Places() {
		for _, f := range FaultsAt(p.Name) {
			for _, profile := range Profiles() {
				for _, n := range []numbers{{3, 0, 1, 100 * time.Millisecond}, {3, 1, 500, 10 * time.Second}, {100, 5, 10_000_000, time.Hour}} {
					if f.Needs > n.replicas && p.Name != scenarios.Attach {
						continue
					}
					use(Answers{
						Name: a.Name, Address: a.Address, Place: p.Name, Fault: f.Name, Profile: profile.Name,
						Shards: n.shards, Replicas: n.replicas, Rate: n.rate, Outage: n.outage,
					})
				}
			}
		}
	}
}

// TestEveryCombinationIsValid: whatever the answers are, the scenario loads, without a
// remark, and says what the answers say.
func TestEveryCombinationIsValid(t *testing.T) {
	t.Parallel()
	count := 0
	every(func(a Answers) {
		count++
		name := fmt.Sprintf("%+v", a)
		text, err := Write(a)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		s, err := scenarios.Parse("x.yaml", text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if remarks := s.Remarks(); len(remarks) > 0 {
			t.Errorf("%s: %q", name, remarks)
		}
		if s.Cluster.Provider != a.Place || s.Workload.Rate.PerSecond != a.Rate || a.Profile != General && s.Workload.Profile != a.Profile {
			t.Errorf("%s gives\n%s", name, text)
		}
		if a.Place != scenarios.Attach && (s.Redis.Shards != a.Shards || s.Redis.ReplicasPerShard != a.Replicas) {
			t.Errorf("%s gives %d shards", name, s.Redis.Shards)
		}
		if acts := len(s.Timeline.Faults) > 0 || s.Timeline.Upgrade != nil; acts != (a.Fault != NoFault) {
			t.Errorf("%s: something is injected: %v", name, acts)
		}
		bounded := false
		for _, o := range s.Objectives {
			bounded = bounded || o.Metric == "outage.shard"
		}
		if !bounded {
			t.Errorf("%s bounds no outage", name)
		}
	})
	if count < 400 {
		t.Errorf("only %d combinations were tried", count)
	}
}

// TestSchemaLine: the first line names the schema as the built-in scenarios do.
func TestSchemaLine(t *testing.T) {
	t.Parallel()
	text, err := Write(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	builtin, _, _ := strings.Cut(string(scenarios.Builtin()[0].Data), "\n")
	if first != builtin {
		t.Errorf("%q, not %q", first, builtin)
	}
}

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	a := Defaults()
	a.Place, a.Context = "kube", "a\": [\n#\x1b x: {"
	if text, err := Write(a); err == nil {
		s, err := scenarios.Parse("x.yaml", text)
		if err != nil || s.Cluster.Kube.Context != a.Context {
			t.Errorf("%v\n%s", err, text)
		}
	}
	a = Defaults()
	a.Rate = 0
	var mistakes scenarios.Errors
	if _, err := Write(a); !errors.As(err, &mistakes) {
		t.Errorf("rate 0 gives %v", err)
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"shop.yaml": "shop", "a/b/My Shop_2.yml": "my-shop-2", "-.yaml": "my-scenario", ".yaml": "my-scenario", "größe.yaml": "gr--e",
		strings.Repeat("ab-", 40) + ".yaml": strings.Repeat("ab-", 16) + "ab",
	} {
		got := Defaults().Named(file).Name
		if err := scenarios.CheckLabel(got); got != want || err != nil {
			t.Errorf("%s is named %q, want %q, %v", file, got, want, err)
		}
	}
}

// TestQuestions: there are six, each takes its default and all of its choices, and refuses
// what is no answer.
func TestQuestions(t *testing.T) {
	t.Parallel()
	asked := 0
	for _, q := range Questions() {
		if !q.Follows {
			asked++
		}
		a := Defaults()
		if answer := q.Default(a); answer != "" {
			if err := q.Set(&a, answer); err != nil {
				t.Errorf("%s refuses its default: %v", q.Name, err)
			}
		}
		if q.Choices != nil {
			for _, c := range q.Choices(a) {
				if err := q.Set(&a, c.Name); err != nil || c.About == "" {
					t.Errorf("%s: %s: %v, %q", q.Name, c.Name, err, c.About)
				}
			}
		}
		if q.Name != "context" && q.Set(&a, "\x00nonsense") == nil {
			t.Errorf("%s takes nonsense", q.Name)
		}
	}
	if asked != 6 {
		t.Errorf("%d questions", asked)
	}
	a := Defaults()
	for name, answer := range map[string]string{"rate": "NaN", "outage": "0s", "shards": "2", "replicas": "6", "fault": "kil", "attach": "a:b"} {
		for _, q := range Questions() {
			if q.Name == name && q.Set(&a, answer) == nil {
				t.Errorf("%s takes %s", name, answer)
			}
		}
	}
}

// TestRateWithCommas: a comma parts thousands. What may be a decimal comma is refused, for
// 0,5 is not 5.
func TestRateWithCommas(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]float64{"500": 500, "10,000": 10_000, "1,000,000": 1e6, "1,000.6": 1001, "2.4": 2} {
		a := Defaults()
		if err := rate().Set(&a, answer); err != nil || a.Rate != want {
			t.Errorf("%s: %v, %v", answer, a.Rate, err)
		}
	}
	for _, answer := range []string{"0,5", "2,5", "1,50", "12,34,567", "0,500", "1000,000", ",500", "1,000,"} {
		a := Defaults()
		err := rate().Set(&a, answer)
		if err == nil || a.Rate != Defaults().Rate || !strings.Contains(err.Error(), "decimals") {
			t.Errorf("%s: %v, %v", answer, a.Rate, err)
		}
	}
}
