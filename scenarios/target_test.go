package scenarios

import (
	"strings"
	"testing"
)

func TestTargetsAndPartiesAreWrittenAsTheyAreRead(t *testing.T) {
	targets := []string{
		"primary of shard 0", "replica of shard 12", "replicas of shard 1", "shard 3", "random primary", "random replica",
		"primary of slot 16383", "replica of slot 0", "replicas of slot 1", "shard of slot 5",
		"primary of the hottest slot", "replica of the hottest slot", "shard of the hottest slot",
		"primary of key a key of words", "replica of key {tag}:1", "shard of key x",
		"minority of primaries", "majority of primaries", "all primaries", "all replicas", "all nodes", "node-17",
	}
	for _, text := range targets {
		var target Target
		if err := target.UnmarshalText([]byte(text)); err != nil || target.String() != text {
			t.Errorf("%q is read as %+v and written %q, %v", text, target, target, err)
		}
		var p Party
		if err := p.UnmarshalText([]byte(text)); err != nil || p.String() != text {
			t.Errorf("as a party, %q is written %q, %v", text, p, err)
		}
	}
	for _, text := range []string{"generator 0", "generators", "probes", "clients", "rest"} {
		var p Party
		if err := p.UnmarshalText([]byte(text)); err != nil || p.String() != text {
			t.Errorf("%q is written %q, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "primary", "primary of", "primary of shard x", "random", "random shard", "all", "minority of replicas", "node-", "node 3", "key x", "shard", "generator", "generator -1", "shard of shard 1", "primary of key"} {
		var p Party
		if err := p.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "generator 0") {
			t.Errorf("%q is read as %+v, %v", text, p, err)
		}
	}
}

func TestEveryActionIsKnown(t *testing.T) {
	var faults []Fault
	for _, file := range []string{"testdata/valid-faults.yaml", "testdata/valid-scale.yaml"} {
		s, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, s.Timeline.Faults...)
	}
	seen := map[string]bool{}
	for _, f := range faults {
		seen[f.Kind()] = true
		_, aimed := f.Target()
		_, _, between := f.Sides()
		if aimed == between {
			t.Errorf("%s is aimed at nodes: %v, and between sides: %v", f.Name, aimed, between)
		}
		if f.Detail() == "" || strings.Contains(f.Detail(), "{") {
			t.Errorf("%s is described as %q", f.Name, f.Detail())
		}
		if f.Traits().Lasts != (f.Duration > 0) {
			t.Errorf("%s lasts %s", f.Name, f.Duration)
		}
	}
	for _, a := range kindNames() {
		if !seen[a] && a != "drain" && a != "machine" && a != "evict" && a != "oomKill" && a != "restart" {
			t.Errorf("no fault of the test does %s", a)
		}
	}
}
