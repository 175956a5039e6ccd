package loader

import (
	"testing"
	"time"
)

// A client that may read from replicas does so within seconds, also on a cluster that
// was made a moment ago, and the result shows it. One that reads from the nearest node
// may find the primaries nearer, so only its counts are checked.
func TestReplicasAreRead(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, client := range []struct {
		name, set string
		nearest   bool
	}{
		{name: "go-redis, readOnly", set: "workload.client={type: go-redis, options: {readOnly: true}}"},
		{name: "go-redis, routeRandomly", set: "workload.client={type: go-redis, options: {routeRandomly: true}}"},
		{name: "go-redis, routeByLatency", set: "workload.client={type: go-redis, options: {routeByLatency: true}}", nearest: true},
		{name: "wire, readFrom replica", set: "workload.client={type: wire, wire: {readFrom: replica}}"},
	} {
		t.Run(client.name, func(t *testing.T) {
			addrs := cluster(t, 1)
			replicas := replicasOf(t, addrs)
			read := func() int {
				calls, _ := stats(t, replicas, "get")
				return total(calls)
			}
			o := Options{Addr: addrs[0], Workload: closedLoop(t, "workload.rate=200", "workload.maxInFlight=100", client.set), Seed: 7, Length: 15 * time.Second}
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
			least, most := time.Now().Add(2*time.Second), time.Now().Add(14*time.Second)
			for time.Now().Before(least) || !client.nearest && read() == 0 && time.Now().Before(most) {
				time.Sleep(200 * time.Millisecond)
			}
			close(stop)
			r := <-ended
			if !client.nearest && read() == 0 {
				t.Fatalf("no replica was read in %v", r.Elapsed)
			}
			if r.Reads == nil || r.Reads.Replica != read() || r.Reads.Primary+r.Reads.Replica != r.Rows[0].Counts.OK {
				t.Errorf("reads are %+v of %d, and the replicas had %d", r.Reads, r.Rows[0].Counts.OK, read())
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
