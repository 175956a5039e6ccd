package wire

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// config is what all tests share.
func config(addr ...string) Config {
	return Config{Addrs: addr, Commands: []string{"GET", "SET"}, Timeout: 5 * time.Second}
}

// slots makes a reply to CLUSTER SLOTS; a range is "from to id@host:port ...".
func slots(t *testing.T, ranges ...string) resp.Value {
	t.Helper()
	out := fmt.Appendf(nil, "*%d\r\n", len(ranges))
	for _, r := range ranges {
		f := strings.Fields(r)
		out = fmt.Appendf(out, "*%d\r\n:%s\r\n:%s\r\n", len(f), f[0], f[1])
		for _, n := range f[2:] {
			id, addr, _ := strings.Cut(n, "@")
			host, port, _ := strings.Cut(addr, ":")
			out = fmt.Appendf(out, "*3\r\n$%d\r\n%s\r\n:%s\r\n$%d\r\n%s\r\n", len(host), host, port, len(id), id)
		}
	}
	p := resp.NewParser(resp.DefaultLimits())
	r, n, err := p.Next(out)
	if n != len(out) || err != nil {
		t.Fatal(n, err)
	}
	v, err := resp.Decode(r)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A shard keeps its number through a failover, a slot's move, a new address of a
// known id, and a time without slots.
func TestTopologyKeepsShards(t *testing.T) {
	cfg := config("127.0.0.9:1")
	c := newControl(&cfg)
	var last *topology
	for _, step := range []struct {
		name      string
		ranges    []string
		primaries []string // by shard
		slots     map[int]uint16
	}{
		{"formed", []string{"8192 16383 b@127.0.0.2:1 d@127.0.0.4:1", "0 8191 a@127.0.0.1:1 c@127.0.0.3:1"},
			[]string{"127.0.0.1:1", "127.0.0.2:1"}, map[int]uint16{0: 0, 8191: 0, 8192: 1, 16383: 1}},
		{"failover", []string{"0 8191 c@127.0.0.3:1", "8192 16383 b@127.0.0.2:1 d@127.0.0.4:1"},
			[]string{"127.0.0.3:1", "127.0.0.2:1"}, map[int]uint16{0: 0, 16383: 1}},
		{"new address", []string{"0 8191 c@127.0.0.7:1", "8192 16383 b@127.0.0.2:1"},
			[]string{"127.0.0.7:1", "127.0.0.2:1"}, map[int]uint16{0: 0, 16383: 1}},
		{"slot moved, one unserved", []string{"0 99 c@127.0.0.7:1", "100 100 b@127.0.0.2:1", "102 8191 c@127.0.0.7:1", "8192 16383 b@127.0.0.2:1"},
			[]string{"127.0.0.7:1", "127.0.0.2:1"}, map[int]uint16{99: 0, 100: 1, 101: noShard, 102: 0}},
		{"shard without slots", []string{"0 16383 b@127.0.0.2:1"},
			[]string{"", "127.0.0.2:1"}, map[int]uint16{0: 1}},
		{"back, and a third", []string{"0 99 a@127.0.0.1:1", "100 199 e@127.0.0.5:1", "200 16383 b@:2"},
			[]string{"127.0.0.1:1", "127.0.0.9:2", "127.0.0.5:1"}, map[int]uint16{0: 0, 100: 2, 200: 1}},
	} {
		got, err := c.parse(t.Context(), slots(t, step.ranges...), "127.0.0.9:1", last)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if len(got.primaries) != len(step.primaries) {
			t.Fatalf("%s: %d shards", step.name, len(got.primaries))
		}
		for i, want := range step.primaries {
			if got.primaries[i].addr != want {
				t.Errorf("%s: shard %d is %s, want %s", step.name, i, got.primaries[i].addr, want)
			}
		}
		for slot, want := range step.slots {
			if got.slots[slot] != want {
				t.Errorf("%s: slot %d is shard %d, want %d", step.name, slot, got.slots[slot], want)
			}
		}
		last = got
	}
	for _, bad := range []resp.Value{slots(t), slots(t, "0 16384 a@127.0.0.1:1"), {List: []resp.Value{{}}}} {
		if _, err := c.parse(t.Context(), bad, "127.0.0.9:1", nil); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	_, err := Config{Conns: 1, Cores: 2, Depth: -1, Protocol: 4, Timeout: time.Microsecond, MaxInFlight: 1, Spin: time.Second, Refresh: -1}.withDefaults()
	for _, want := range []string{"address", "conns", "depth", "protocol", "timeout", "max in flight", "spin", "refresh", "commands", "source", "OnSecond"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in %v", want, err)
		}
	}
}

// Replies of a node are bounded: ranges, slots, shards, and the names in many
// replies.
func TestHostileTopologies(t *testing.T) {
	one := func(from, to, node int) string { return fmt.Sprintf("%d %d id%d@127.0.0.1:%d", from, to, node, node) }
	var shards, ranges, overlapping []string
	for i := range maxShards + 1 {
		shards = append(shards, one(i, i, i+1))
	}
	for i := range resp.Slots + 1 {
		ranges = append(ranges, one(i%resp.Slots, i%resp.Slots, 1))
	}
	for range 3 {
		overlapping = append(overlapping, one(0, resp.Slots-1, 1))
	}
	for name, list := range map[string][]string{"shards": shards, "ranges": ranges, "overlapping": overlapping, "a slot too many": {one(0, resp.Slots, 1)}} {
		cfg := config("127.0.0.9:1")
		c := newControl(&cfg)
		if _, err := c.parse(t.Context(), slots(t, list...), "127.0.0.9:1", nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	cfg := config("127.0.0.9:1")
	c := newControl(&cfg)
	var last *topology
	for i := range 3 * maxShards {
		next, err := c.parse(t.Context(), slots(t, one(0, resp.Slots-1, i+1)), "127.0.0.9:1", last)
		if err != nil {
			if i < maxShards/2 {
				t.Errorf("reply %d: %v", i, err)
			}
			return
		}
		last = next
	}
	t.Errorf("%d shards, one in each reply, are kept", len(last.primaries))
}
