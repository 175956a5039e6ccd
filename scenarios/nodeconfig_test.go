package scenarios

import (
	"maps"
	"testing"
	"time"
)

// The directives of a node are those of all, and its own in their place, under present names.
func TestConfigOfANode(t *testing.T) {
	s, err := Load("testdata/valid-nodes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	common := map[string]string{"min-replicas-to-write": "1", "repl-backlog-size": "16mb"}
	for n, own := range map[int]map[string]string{
		0: {"min-replicas-to-write": "0"},
		1: nil,
		3: {"save": ""},
		4: {"save": "", "repl-backlog-size": "1mb", "replica-priority": "0"},
		8: {"save": "", "cluster-replica-no-failover": "yes"},
		9: nil,
	} {
		want := maps.Clone(common)
		maps.Copy(want, own)
		if got := s.Redis.ConfigOf(n); !maps.Equal(got, want) || !maps.Equal(s.Redis.OwnConfig(n), own) {
			t.Errorf("node-%d has %v, %v of its own; want %v, %v", n, got, s.Redis.OwnConfig(n), want, own)
		}
	}
	if !maps.Equal(s.Redis.Config, common) {
		t.Errorf("the directives of all have become %v", s.Redis.Config)
	}
}

func TestNodeTimeoutIsTheLongestOfTheNodes(t *testing.T) {
	r := Redis{Shards: 3, ReplicasPerShard: 1, Config: map[string]string{"cluster-node-timeout": "2000"}}
	r.Nodes = []NodeConfig{{Node: Target{By: ByNode, Node: "node-5"}, Config: map[string]string{"cluster-node-timeout": "3000"}}}
	if got := r.NodeTimeout(); got != 3*time.Second {
		t.Errorf("it is %s", got)
	}
}
