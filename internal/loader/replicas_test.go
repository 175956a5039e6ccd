package loader

import (
	"testing"
	"time"
)

// A client that may read from replicas does so within seconds, also on a cluster that
// was made a moment ago, and the result shows it.
func TestReplicasAreRead(t *testing.T) {
	for client, set := range map[string]string{
		"go-redis": "workload.client={type: go-redis, options: {readOnly: true}}",
		"wire":     "workload.client={type: wire, wire: {readFrom: replica}}",
	} {
		t.Run(client, func(t *testing.T) {
			addrs := cluster(t, 1)
			replicas := replicasOf(t, addrs)
			o := Options{Addr: addrs[0], Workload: closedLoop(t, "workload.rate=200", "workload.maxInFlight=100", set), Seed: 7, Length: 15 * time.Second}
			stop := make(chan struct{})
			o.Stop = stop
			ended := make(chan *Result)
			go func() {
				r, err := Run(t.Context(), o)
				if err != nil {
					t.Error(err)
				}
				ended <- r
			}()
			var calls []int
			for end := time.Now().Add(14 * time.Second); time.Now().Before(end) && (len(calls) == 0 || total(calls) == 0); time.Sleep(500 * time.Millisecond) {
				calls, _ = stats(t, replicas, "get")
			}
			close(stop)
			r := <-ended
			if total(calls) == 0 {
				t.Fatalf("no replica was read in %v", r.Elapsed)
			}
			calls, _ = stats(t, replicas, "get")
			if r.Reads == nil || r.Reads.Replica != total(calls) || r.Reads.Primary+r.Reads.Replica != r.Rows[0].Counts.OK {
				t.Errorf("reads are %+v of %d, and the replicas had %d", r.Reads, r.Rows[0].Counts.OK, total(calls))
			}
		})
	}
}

func total(list []int) int {
	sum := 0
	for _, n := range list {
		sum += n
	}
	return sum
}
