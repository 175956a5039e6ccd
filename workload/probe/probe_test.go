package probe

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// TestAShardIsFoundOnANodeOfAnother: the only node that was deployed into shard 0 is
// gone, and one of shard 1 takes its writes.
func TestAShardIsFoundOnANodeOfAnother(t *testing.T) {
	t.Parallel()
	alive, _ := redistest.Start(t)
	gone, process := redistest.Start(t)
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // it was killed
	target := servers.Target{
		Shards:  [][]servers.Member{{{Name: "gone", Addr: gone}}, {{Name: "alive", Addr: alive}}},
		ShardOf: func(slot int) int { return slot % 2 },
		Dialer:  dial.Dialer{},
	}
	start := time.Now()
	p := New(target, scenarios.Probe{Interval: scenarios.Duration(2 * time.Millisecond), Timeout: scenarios.Duration(time.Second)}, results.Clock{Start: start}, start)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	for sec, found := 0, 0; found < 20; {
		if ctx.Err() != nil {
			t.Fatal("the probes have not found the node that takes the shard's writes")
		}
		time.Sleep(5 * time.Millisecond)
		counts := p.Take(sec)
		found += counts[0].OK
		if time.Since(start) > time.Duration(sec+1)*time.Second {
			sec++
		}
	}
	cancel()
	<-done
}

// ask sends a command to a server.
func ask(t *testing.T, addr string, words ...any) string {
	cl := redis.NewClient(&redis.Options{Addr: addr})
	defer cl.Close()
	reply, err := cl.Do(t.Context(), words...).Result()
	if err != nil {
		t.Fatalf("%v to %s: %v", words, addr, err)
	}
	return fmt.Sprint(reply)
}

// pair are two nodes of a cluster that know each other; the first one serves all slots.
func pair(t *testing.T) (addrs, ids []string) {
	var bus string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, bus, _ = net.SplitHostPort(l.Addr().String())
		l.Close()
		addr, _ := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-port", bus)
		addrs, ids = append(addrs, addr), append(ids, ask(t, addr, "CLUSTER", "MYID"))
	}
	host, port, _ := net.SplitHostPort(addrs[1])
	ask(t, addrs[0], "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	ask(t, addrs[0], "CLUSTER", "MEET", host, port, bus)
	for _, addr := range addrs {
		for !strings.Contains(ask(t, addr, "CLUSTER", "INFO"), "cluster_state:ok") || !strings.Contains(ask(t, addr, "CLUSTER", "INFO"), "cluster_known_nodes:2") {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return addrs, ids
}

// TestASlotThatIsMoving: the owner of a key's slot is giving it to another node, and sends the
// probes there for a key that it does not have.
func TestASlotThatIsMoving(t *testing.T) {
	t.Parallel()
	addrs, ids := pair(t)
	target := servers.Target{
		Shards:  [][]servers.Member{{{Name: "giver", Addr: addrs[0]}, {Name: "taker", Addr: addrs[1]}}},
		ShardOf: func(int) int { return 0 },
	}
	p := New(target, scenarios.Probe{Interval: scenarios.Duration(time.Millisecond), Timeout: scenarios.Duration(time.Second)}, results.Clock{Start: time.Now()}, time.Now())
	slot := int(resp.Slot([]byte(p.keys[0])))
	ask(t, addrs[1], "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
	ask(t, addrs[0], "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])
	v := visit{p: p, m: target.Shards[0][0], took: make([]bool, 1)}
	defer func() { v.c.Close() }()
	if _, class, by := v.write(t.Context(), 0, 1); class != "" || by != "taker" {
		t.Errorf("%q by %q", class, by)
	}
	if got := ask(t, addrs[1], "CLUSTER", "COUNTKEYSINSLOT", slot); got != "1" {
		t.Errorf("the taker has %s keys", got)
	}
}

// A reshard moves at most half of a shard's slots, the last ones: the probe's key stays.
func TestKeysStayWithTheirShards(t *testing.T) {
	for _, shards := range []int{1, 3, 5, 6, 50} {
		size := (resp.Slots + shards - 1) / shards
		keys := probeKeys(servers.Target{Shards: make([][]servers.Member, shards), ShardOf: func(slot int) int { return slot / size }})
		for shard, key := range keys {
			owned := min(size, resp.Slots-shard*size)
			if slot := int(resp.Slot([]byte(key))); slot/size != shard || slot-shard*size > owned/2 {
				t.Errorf("%d shards: the key of shard %d is in slot %d", shards, shard, slot)
			}
		}
	}
}
