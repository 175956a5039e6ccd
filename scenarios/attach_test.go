package scenarios

import (
	"strings"
	"testing"
)

// TestBeyond: once the cluster is found, what it cannot give is named.
func TestBeyond(t *testing.T) {
	s, err := Load("testdata/valid-attach-more.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.Redis.Shards, s.Redis.ReplicasPerShard = 6, 2
	if got := s.Beyond(); len(got) != 0 {
		t.Errorf("a cluster that has all: %q", got)
	}
	s.Redis.Shards, s.Redis.ReplicasPerShard = 3, 1
	got := strings.Join(s.Beyond(), "; ")
	if want := "writes wait for 2 replicas, and a shard there has 1; an objective bounds outage.shard of shard 5, and the shards there are 0 to 2"; got != want {
		t.Errorf("%s", got)
	}
}
