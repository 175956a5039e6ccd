package grammar

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

var update = flag.Bool("update", false, "write golden files anew")

// wide is the widest radius.
func wide() Radius {
	r := Default()
	r.Faults, r.Nodes, r.Steps, r.TLS = Kinds(), 15, MostSteps, true
	r.Allow = []scenarios.Permission{scenarios.MajorityDown, scenarios.ShardsDown}
	r.Binaries = []string{"redis-server", "/opt/valkey 9/valkey-server"}
	return r
}

// TestEveryDraftIsValid: 2,000 seeds, within different radii.
func TestEveryDraftIsValid(t *testing.T) {
	one, replicas, small := Default(), Default(), Default()
	one.Steps = 1
	replicas.Roles = []string{"replica"}
	small.Nodes, small.Rate, small.Faults = LeastNodes, LeastRate, []string{"kill", "failover"}
	for name, r := range map[string]Radius{"default": Default(), "wide": wide(), "one step": one, "replicas": replicas, "small": small} {
		if err := r.Check(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for seed := range uint64(400) {
			checkDraft(t, name, r, Draw(seed, r))
		}
		checkDraft(t, name, r, Draw(82023, r)) // a node that stays away beside a long node timeout
	}
}

// checkDraft holds a draft against what every draft promises.
func checkDraft(t *testing.T, name string, r Radius, d Draft) {
	t.Helper()
	s, err := d.Scenario()
	if err != nil {
		data, _ := d.YAML()
		t.Fatalf("%s, seed %d: %v\n%s", name, d.Seed, err, data)
	}
	if n := s.Redis.Shards * (1 + s.Redis.ReplicasPerShard); n > r.Nodes {
		t.Errorf("%s, seed %d: %d nodes, at most %d", name, d.Seed, n, r.Nodes)
	}
	if s.Workload.Rate.Max || s.Workload.Rate.PerSecond > r.Rate {
		t.Errorf("%s, seed %d: rate %v, at most %g", name, d.Seed, s.Workload.Rate, r.Rate)
	}
	if n := len(s.Timeline.Faults); n < 1 || n > r.Steps {
		t.Errorf("%s, seed %d: %d faults, 1 to %d", name, d.Seed, n, r.Steps)
	}
	if l := s.Timeline.Length().Std(); l != d.Length() || l < 8*time.Second || l > 20*time.Second {
		t.Errorf("%s, seed %d: %s of load, 8s to 20s", name, d.Seed, l)
	}
	if s.Cluster.Provider != "local" || s.Cluster.Local.Isolation != "namespaces" {
		t.Errorf("%s, seed %d: not in a sealed room", name, d.Seed)
	}
	for _, f := range s.Timeline.Faults {
		if !slices.Contains(r.Faults, f.Kind()) {
			t.Errorf("%s, seed %d: a fault of kind %s", name, d.Seed, f.Kind())
		}
		for _, p := range f.Allow {
			if p != scenarios.Overlap && !r.allows(p) {
				t.Errorf("%s, seed %d: a fault that may do %s", name, d.Seed, p)
			}
		}
		if target, ok := f.Target(); ok && !r.has(scenarios.Primary) && target.Role != scenarios.Replica {
			t.Errorf("%s, seed %d: a fault of %s", name, d.Seed, target)
		}
	}
}

// TestASeedIsADraft: the same seed gives the same scenario, and neighbours differ. The
// golden file keeps scenarios of later versions of Go the same.
func TestASeedIsADraft(t *testing.T) {
	var all []string
	for seed := range uint64(3) {
		first, err := Draw(seed, Default()).YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Draw(seed, Default()).YAML()
		if err != nil || string(first) != string(again) {
			t.Errorf("seed %d gives two drafts, %v", seed, err)
		}
		all = append(all, string(first))
	}
	if all[0] == all[1] || all[1] == all[2] {
		t.Error("two seeds give one draft")
	}
	got := strings.Join(all, "---\n")
	if *update {
		if err := os.WriteFile("testdata/drafts.yaml", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("testdata/drafts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("testdata/drafts.yaml differs: look at both, then go test -update; got\n%s", got)
	}
}

// TestEverythingIsDrawn: every knob and every kind of fault that a radius has occurs.
func TestEverythingIsDrawn(t *testing.T) {
	r := wide()
	paths, kinds, binaries := map[string]int{}, map[string]int{}, map[string]int{}
	for seed := range uint64(500) {
		d := Draw(seed, r)
		for _, s := range d.Settings {
			paths[s.Path]++
		}
		for _, s := range d.Steps {
			kinds[s.Kind]++
		}
		binaries[d.Base[1].Value]++
	}
	for _, path := range []string{"redis.tls", "redis.auth", "redis.storage", "redis.config.appendonly", "redis.config.min-replicas-to-write",
		"redis.config.min-slaves-to-write", "workload.client", "workload.client.churn", "workload.pipeline", "workload.pattern", "workload.mix", "workload.profile", "objectives"} {
		if paths[path] == 0 {
			t.Errorf("%s is never drawn", path)
		}
	}
	for _, k := range Kinds() {
		if kinds[k] < 20 {
			t.Errorf("%s is drawn %d times in 500 seeds", k, kinds[k])
		}
	}
	if len(binaries) != 2 || binaries[`"redis-server"`] != 250 {
		t.Errorf("the servers are %v", binaries)
	}
}

// TestEachKindHasADrawer: and each drawer a kind, in the same order.
func TestEachKindHasADrawer(t *testing.T) {
	var kinds []string
	for _, d := range drawers {
		kinds = append(kinds, d.kind)
	}
	if !slices.Equal(kinds, Kinds()) {
		t.Errorf("drawers of %v, kinds %v", kinds, Kinds())
	}
}

func TestRadiusIsChecked(t *testing.T) {
	for want, edit := range map[string]func(*Radius){
		"":                          func(*Radius) {},
		"is no fault":               func(r *Radius) { r.Faults = []string{"drain"} },
		"is no role":                func(r *Radius) { r.Roles = []string{"arbiter"} },
		"at least one":              func(r *Radius) { r.Faults = nil },
		"3 to 100 nodes, not 2":     func(r *Radius) { r.Nodes = 2 },
		"1 to 10 faults, not 0":     func(r *Radius) { r.Steps = 0 },
		"60 to 100000 requests":     func(r *Radius) { r.Rate = 5 },
		"need replicas, and so 6":   func(r *Radius) { r.Nodes, r.Roles = 5, []string{"replica"} },
		"need replicas, and so 6 n": func(r *Radius) { r.Nodes, r.Faults = 5, []string{"failover"} },
	} {
		r := Default()
		edit(&r)
		err := r.Check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
