// Package servers describes the servers under load as clients need to know them:
// addresses, shards, and the way there.
package servers

import "github.com/slotstorm/slotstorm/internal/dial"

// Target is the cluster under load, as clients need to know it.
type Target struct {
	// Addrs are addresses to start from.
	Addrs []string
	// Nodes lists, by shard, the members' names and addresses.
	Shards [][]Member
	// ShardOf gives the shard that serves a slot.
	ShardOf func(slot int) int
	// NameOf, if not nil, names the member that announces an address to the
	// cluster, where that differs from Member.Addr.
	NameOf func(addr string) (string, bool)
	// Present, if not nil, reports whether a member is in the cluster now: a run may add some
	// and remove some.
	Present func(name string) bool
	// Dialer opens every connection.
	Dialer dial.Dialer
	// Seats open the connections of the generators, by number, and those of each
	// one's audited writes: each from a place of its own in the network, so that a
	// partition can have clients on either side. Without, Dialer does.
	Seats []dial.Dialer
	// Cluster is false for a single server that is no Redis Cluster.
	Cluster bool
}

// From is the target as a generator's seat reaches it.
func (t Target) From(generator int) Target {
	if generator < len(t.Seats) {
		t.Dialer = t.Seats[generator]
	}
	return t
}

// Has reports whether a member is in the cluster now.
func (t *Target) Has(name string) bool { return t.Present == nil || t.Present(name) }

// Door is the i-th member of a shard to send a request to or, if that is not in the cluster,
// one that is: it sends clients on.
func (t *Target) Door(shard, i int) Member {
	if m := t.Shards[shard][i]; t.Has(m.Name) {
		return m
	}
	for _, members := range t.Shards {
		for _, m := range members {
			if t.Has(m.Name) {
				return m
			}
		}
	}
	return t.Shards[shard][i]
}

// Member is one node of a shard. Addr is for Target.Dialer, ID its cluster id.
type Member struct{ Name, Addr, ID string }

// Member finds the member with an address: its own, or one that it announces to the
// cluster. An unknown address gives a new member.
func (t *Target) Member(addr string) Member {
	name, ok := "", false
	if t.NameOf != nil {
		name, ok = t.NameOf(addr)
	}
	for _, members := range t.Shards {
		for _, m := range members {
			if m.Addr == addr || ok && m.Name == name {
				return m
			}
		}
	}
	return Member{Name: addr, Addr: addr}
}
