package loader

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// stats are the calls of a command by node, and how often all nodes have redirected.
func stats(t *testing.T, addrs []string, command string) (calls []int, moved int) {
	t.Helper()
	for _, addr := range addrs {
		c := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true, Protocol: 2})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		text, err := c.Info(ctx, "commandstats", "errorstats").Result()
		cancel()
		if cerr := c.Close(); err != nil || cerr != nil {
			t.Fatal(err, cerr)
		}
		number := func(before string) int {
			_, after, _ := strings.Cut(text, before)
			digits, _, _ := strings.Cut(after, ",")
			digits, _, _ = strings.Cut(digits, "\r")
			n, _ := strconv.Atoi(digits) // what did not occur is not listed
			return n
		}
		calls = append(calls, number("\ncmdstat_"+command+":calls="))
		moved += number("\nerrorstat_MOVED:count=")
	}
	return calls, moved
}

// replicasOf are those nodes that say that they are replicas: others learn it later.
func replicasOf(t *testing.T, addrs []string) []string {
	t.Helper()
	var list []string
	for _, addr := range addrs {
		c := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true, Protocol: 2})
		text, err := c.Info(t.Context(), "replication").Result()
		if cerr := c.Close(); err != nil || cerr != nil {
			t.Fatal(err, cerr)
		}
		if strings.Contains(text, "role:slave") {
			list = append(list, addr)
		}
	}
	return list
}

// Each request goes to the shard of its key at once, wherever the key stands and whatever
// it is, and is counted there. Requests without a key spread over the primaries.
func TestTheKeyDecidesTheShard(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const requests, one, all = 900, 1, 3
	addrs := cluster(t, 0)
	for _, client := range []string{"go-redis", "wire"} {
		for _, tc := range []struct {
			raw, command string
			want         int // nodes with requests
		}{
			{"GET config", "get", one},
			{"GET 'a key {of} words'", "get", one},
			{"EVAL 'return 1' 1 config", "eval", one},
			{"XREAD COUNT 1 STREAMS events 0", "xread", one},
			{"MEMORY USAGE config", "memory|usage", one},
			{"BITOP AND {t}to {t}from", "bitop", one},
			{"SPUBLISH news x", "spublish", one},
			{"STRLEN cart:{key}", "strlen", all},
			{"OBJECT ENCODING page:{random:500}", "object|encoding", all},
			{"SCAN 0 COUNT 1", "scan", all},
			{"PUBLISH news x", "publish", all},
			{"EVAL 'return 1' 0", "eval", all},
			{"DBSIZE", "dbsize", all},
		} {
			t.Run(client+" "+tc.raw, func(t *testing.T) {
				before, movedBefore := stats(t, addrs, tc.command)
				raw := strings.ReplaceAll(tc.raw, "{t}", "'{t}'")
				w := closedLoop(t, "workload.client={type: "+client+"}", "workload.mix=[{command: RAW, weight: 1, raw: "+strconv.Quote(raw)+"}]")
				r, err := Run(t.Context(), Options{Addr: addrs[1], Workload: w, Seed: 7, Length: time.Minute, Requests: requests})
				if err != nil {
					t.Fatal(err)
				}
				if n := r.Rows[0].Counts; n.OK != requests || n.Total() != requests {
					t.Errorf("%d requests ended as %+v, %v", requests, n, r.Errors)
				}
				calls, moved := stats(t, addrs, tc.command)
				counted := make([]int, len(addrs))
				for _, s := range r.Shard {
					counted[s.Shard] = int(s.OK)
				}
				busy := 0
				for i := range calls {
					calls[i] -= before[i]
					if calls[i] > requests/3/2 {
						busy++
					}
				}
				if moved -= movedBefore; moved > 0 {
					t.Errorf("%d requests were redirected", moved)
				}
				if busy != tc.want || !slices.Equal(counted, calls) {
					t.Errorf("the nodes had %v of the requests, on %d nodes, want %d; the shards are said to have %v", calls, busy, tc.want, counted)
				}
			})
		}
	}
}
