package audit

import (
	"encoding/json"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

func TestDurability(t *testing.T) {
	own := []results.Node{{Name: "node-0", Config: map[string]string{"min-replicas-to-write": "2"}}, {Name: "node-1", Config: map[string]string{"save": ""}}}
	for _, c := range []struct {
		scenario string
		nodes    []results.Node
		want     string
	}{
		{`{}`, nil, "asynchronous"},
		{`{"redis":{"config":{"min-replicas-to-write":"0"}}}`, nil, "asynchronous"},
		{`{"redis":{"config":{"min-replicas-to-write":"1"}}}`, nil, "min-replicas-to-write 1"},
		{`{"redis":{"config":{"min-slaves-to-write":"1"}}}`, nil, "min-replicas-to-write 1"},
		{`{"redis":{"config":{"min-replicas-to-write":"1","min-replicas-max-lag":"0"}}}`, own, "asynchronous"},
		{`{}`, own, "min-replicas-to-write 0, 2 on node-0"},
		{`{"redis":{"config":{"min-replicas-to-write":"2"}}}`, own, "min-replicas-to-write 2"},
		{`{"workload":{"audit":{"wait":{"replicas":1}}}}`, own, "WAIT 1"},
	} {
		if got := durability(results.Run{Scenario: json.RawMessage(c.scenario), Nodes: c.nodes}); got != c.want {
			t.Errorf("%s: %q, want %q", c.scenario, got, c.want)
		}
	}
}
