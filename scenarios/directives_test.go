package scenarios

import (
	"maps"
	"testing"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/scenarios/builtin"
)

// TestAliases: whatever name a directive has in a file, a scenario has its present one, and
// nodes get one that every server accepts.
func TestAliases(t *testing.T) {
	s, err := Parse("test.yaml", []byte(`apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: test}
redis:
  config: {min-slaves-to-write: 1, slave-serve-stale-data: no, cluster-slave-no-failover: yes, server_cpulist: "0", lua-time-limit: 100, maxmemory: 1gb}
timeline:
  phases: [{name: steady, duration: 10s}]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"min-replicas-to-write": "1", "replica-serve-stale-data": "no", "cluster-replica-no-failover": "yes", "server-cpulist": "0",
		"busy-reply-threshold": "100", "maxmemory": "1gb",
	}
	if !maps.Equal(s.Redis.Config, want) {
		t.Errorf("got %v", s.Redis.Config)
	}
	for name, accepted := range map[string]string{
		"min-replicas-to-write": "min-replicas-to-write", "server-cpulist": "server_cpulist", "busy-reply-threshold": "lua-time-limit",
		"hash-max-listpack-value": "hash-max-ziplist-value", "maxmemory": "maxmemory",
	} {
		if got := Accepted(name); got != accepted {
			t.Errorf("%s is written as %s, want %s", name, got, accepted)
		}
	}
	for alias, present := range aliases {
		if aliases[present] != "" || Accepted(alias) != alias {
			t.Errorf("%s is an alias of an alias", alias)
		}
	}
}

// TestRecorded: a bundle of a version that refused less can be read.
func TestRecorded(t *testing.T) {
	text := []byte(`apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: test}
redis:
  config: {min-slaves-to-write: 1, cluster-preferred-endpoint-type: hostname}
timeline:
  phases: [{name: all, duration: 10s}]
objectives: [{metric: response.p99, max: 20ms}, {metric: throughput, min: baseline-5%}]
`)
	if _, err := Parse("test.yaml", text); err == nil {
		t.Error("it is accepted for a run")
	}
	s, err := Recorded("test.yaml", text)
	if err != nil || s.Redis.Config["min-replicas-to-write"] != "1" || s.Redis.Shards == 0 || s.Objectives[0].Max.Value != 0.02 || !s.Objectives[1].Min.Relative {
		t.Errorf("%+v %v", s, err)
	}
	for _, bad := range []string{"", "a: 1", "x"} {
		if _, err := Recorded("test.yaml", []byte(bad)); err == nil {
			t.Errorf("%q is a scenario", bad)
		}
	}
}

// TestRecordedAsParsed: a valid scenario is the same either way: validation only looks.
func TestRecordedAsParsed(t *testing.T) {
	for _, name := range builtin.Names() {
		text, _ := builtin.YAML(name)
		parsed, err := Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		recorded, err := Recorded(name, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := deep.Diff(parsed, recorded); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
