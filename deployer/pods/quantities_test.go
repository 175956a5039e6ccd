package pods

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/scenarios"
)

const sized = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: test}
cluster: {provider: kube}
redis: {image: "redis:8.0", storage: {size: 1Gi}, resources: {cpu: 500m, memory: 1Gi}}
timeline: {phases: [{name: steady, duration: 10s}]}
`

// TestAcceptedQuantitiesAreKubernetes': a scenario that is valid becomes objects. The
// parser of Kubernetes panics on others.
func TestAcceptedQuantitiesAreKubernetes(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sized.yaml")
	if err := os.WriteFile(file, []byte(sized), 0o600); err != nil {
		t.Fatal(err)
	}
	suffixes := []string{"", "m", "k", "K", "M", "G", "T", "P", "E", "ki", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "mi", "i", "e3", "MB", "n", "u"}
	accepted := map[string]int{}
	for _, number := range []string{"0", "1", "0.5", "1.500", "007", "123456789012345678901234567890", "."} {
		for _, suffix := range suffixes {
			for _, field := range []string{"redis.storage.size", "redis.resources.memory", "redis.resources.cpu"} {
				s, err := scenarios.Load(file, field+"='"+number+suffix+"'")
				if err != nil {
					continue
				}
				accepted[field+suffix]++
				New(planOf(Options{Namespace: plannedNamespace(), Redis: s.Redis}, dial.Security{}, nil))
			}
		}
	}
	for _, want := range []string{"redis.storage.sizeGi", "redis.storage.sizek", "redis.resources.memoryMi", "redis.resources.memory", "redis.resources.cpum", "redis.resources.cpu"} {
		if accepted[want] == 0 {
			t.Errorf("no %s is accepted", want)
		}
	}
	for _, no := range []string{"redis.storage.sizem", "redis.resources.memorym", "redis.resources.cpuGi"} {
		if accepted[no] > 0 {
			t.Errorf("%s is accepted", no)
		}
	}
}
