package native

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

// What pods cannot bear is reported without a cluster, with its reason.
func TestFaultsThatPodsCannotBear(t *testing.T) {
	for fault, want := range map[string]struct {
		refused string
		needs   Needs
	}{
		"pause: {target: primary of shard 0}, duration: 20s":                                    {needs: Needs{Eyes: true}},
		"pause: {target: primary of shard 0}, duration: 51s":                                    {refused: "the kubelet considers the container dead", needs: Needs{Eyes: true}},
		"isolate: {target: primary of shard 0}, duration: 20s":                                  {needs: Needs{Hands: true}},
		"partition: {between: [primary of shard 0, generator 0, probes]}, duration: 20s":        {needs: Needs{Hands: true}},
		"partition: {between: [primary of shard 0, clients]}, duration: 20s":                    {needs: Needs{Hands: true}},
		"partition: {between: [primary of shard 0, probes]}, duration: 20s":                     {refused: "the probes sit in the pod of generator 0", needs: Needs{Hands: true}},
		"partition: {between: [primary of shard 0], and: [generator 1, probes]}, duration: 20s": {refused: "the probes sit in the pod of generator 0", needs: Needs{Hands: true}},
		"engine: chaosmesh, isolate: {target: primary of shard 0}, duration: 20s":               {needs: Needs{Dials: true}},
		"delay: {between: [primary of shard 0], latency: 5ms}, duration: 20s":                   {refused: "not yet between pods"},
		"cpu: {target: primary of shard 0}, duration: 20s":                                      {needs: Needs{Eyes: true}},
		"memory: {target: all nodes, size: 64Mi}, duration: 20s":                                {needs: Needs{Eyes: true}},
		"diskFull: {target: primary of shard 0}, duration: 20s":                                 {refused: "filling one would fill its machine's disk"},
		"evict: {target: primary of shard 0}":                                                   {},
		"machine: {target: primary of shard 0, action: stop}, duration: 20s":                    {},
		"kill: {target: primary of shard 0}":                                                    {},
		"failover: {target: replica of shard 0}":                                                {},
	} {
		s, err := scenarios.Parse("test.yaml", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: test}
cluster: {provider: kind}
workload: {generators: 2}
timeline:
  phases: [{name: a, duration: 120s}]
  faults: [{name: f, at: 1s, `+fault+`}]
`))
		if err != nil {
			t.Fatal(err)
		}
		needs, err := AblePods(s.Timeline.Faults)
		switch {
		case needs != want.needs:
			t.Errorf("%s needs %+v", fault, needs)
		case want.refused == "" && err != nil:
			t.Errorf("%s: %v", fault, err)
		case want.refused != "" && (err == nil || !strings.Contains(err.Error(), "fault f: ") || !strings.Contains(err.Error(), want.refused)):
			t.Errorf("%s: %v", fault, err)
		}
	}
}
