package runner

import (
	"runtime"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// TestHostNames: where nodes announce host names, each client finds them by these, over a
// failover too, and the audit knows the nodes that redirect it.
func TestHostNames(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, client := range []string{"go-redis", "wire"} {
		if client == "wire" && runtime.GOOS != "linux" {
			continue
		}
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			yaml := strings.Replace(small, "config: {", "config: {cluster-preferred-endpoint-type: hostname, ", 1)
			if client == "wire" {
				yaml = strings.Replace(yaml, "client: {options: {clusterStateReloadInterval: 1s}}", "client: {type: wire}", 1)
			}
			r := start(t, yaml+oneKill, Options{})
			last := r.Bundle.Frames[len(r.Bundle.Frames)-2]
			for name, c := range last.Commands {
				if c.OK == 0 || c.Total() != c.OK {
					t.Errorf("%s in second %d, after the failover: %+v", name, last.Seq, c)
				}
			}
			if len(r.Summary.Failovers) != 1 || r.Summary.Failovers[0].To != "node-3" {
				t.Errorf("the failovers are %+v", r.Summary.Failovers)
			}
			moved := false
			for _, w := range r.Bundle.Writes {
				if results.Outcome(w.Outcome) == results.OK && !strings.HasPrefix(w.Node, "node-") || strings.Contains(w.Node, ".") {
					t.Fatalf("a write was acknowledged by %q", w.Node)
				}
				moved = moved || w.Node == "node-3"
			}
			if !moved {
				t.Error("no audited write followed the failover")
			}
			agrees(t, r)
		})
	}
}
