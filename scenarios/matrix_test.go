package scenarios

import (
	"bytes"
	"os"
	"slices"
	"strings"
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

// What is read again for each combination is bounded as a whole.
func TestAMatrixOfALargeFile(t *testing.T) {
	data, err := os.ReadFile("testdata/valid-minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	large := append(bytes.Repeat([]byte("#\n"), maxBytes/4), data...)
	const matrix = "matrix=[{field: workload.rate, values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]}]"
	if _, err := Parse("large.yaml", large, matrix); err == nil || !strings.Contains(err.Error(), "matrix: has 16 combinations of a file of") {
		t.Errorf("%d bytes: %v", len(large), err)
	}
	if _, err := Parse("small.yaml", data, matrix); err != nil {
		t.Error(err)
	}
}

func TestExpandOfOne(t *testing.T) {
	s, list, err := Expand("testdata/valid-minimal.yaml", "redis.shards=5")
	if err != nil || len(list) != 1 || list[0].Scenario != s || !slices.Equal(list[0].Overrides, []string{"redis.shards=5"}) {
		t.Errorf("%v: %+v of %+v", err, list, s)
	}
}
