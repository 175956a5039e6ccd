package scenarios

import (
	"slices"
	"testing"
)

func TestExpand(t *testing.T) {
	s, list, err := Expand("testdata/valid-matrix.yaml", "redis.shards=5")
	if err != nil || len(s.Matrix) != 2 || len(list) != 4 {
		t.Fatalf("%v: %d combinations of %+v", err, len(list), s)
	}
	for i, want := range []struct {
		timeout string
		rate    float64
		set     []string
	}{
		{"1000", 1000, []string{"redis.config.cluster-node-timeout=1000", "workload.rate=null"}},
		{"1000", 200, []string{"redis.config.cluster-node-timeout=1000", "workload.rate=200"}},
		{"4000", 1000, []string{"redis.config.cluster-node-timeout=4000", "workload.rate=null"}},
		{"4000", 200, []string{"redis.config.cluster-node-timeout=4000", "workload.rate=200"}},
	} {
		c := list[i]
		if got := c.Scenario; got.Redis.Config["cluster-node-timeout"] != want.timeout || got.Workload.Rate.PerSecond != want.rate || got.Redis.Shards != 5 || len(got.Matrix) > 0 {
			t.Errorf("combination %d, %s, is %+v", i, &c, got)
		}
		if !slices.Equal(c.Overrides, append([]string{"redis.shards=5", "matrix=null"}, want.set...)) {
			t.Errorf("combination %d is made by %q", i, c.Overrides)
		}
	}
}

func TestExpandOfOne(t *testing.T) {
	s, list, err := Expand("testdata/valid-minimal.yaml", "redis.shards=5")
	if err != nil || len(list) != 1 || list[0].Scenario != s || !slices.Equal(list[0].Overrides, []string{"redis.shards=5"}) {
		t.Errorf("%v: %+v of %+v", err, list, s)
	}
}
