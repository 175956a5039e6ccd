package wire

import (
	"bytes"
	"net"
	"net/netip"
	"strconv"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// apply takes over a topology.
func (l *loop) apply(t *topology) {
	l.known = t
	l.strangers = 0
	for _, n := range l.nodes {
		n.active = false
	}
	byShard := make([]uint16, len(t.primaries))
	for shard, e := range t.primaries {
		if e.addr == "" {
			continue
		}
		if n := l.member(e, uint16(shard), false); n != nil {
			byShard[shard] = n.index
		}
	}
	l.replicas = l.replicas[:0]
	for shard, list := range t.replicas {
		var known []uint16
		for _, e := range list {
			if n := l.member(e, uint16(shard), true); n != nil {
				known = append(known, n.index)
			}
		}
		l.replicas = append(l.replicas, known)
	}
	for slot, shard := range t.slots {
		if shard == noShard {
			l.slots[slot], l.parts[slot] = 0, noShard
			continue
		}
		l.slots[slot], l.parts[slot] = byShard[shard], shard
		if !l.numbered {
			l.shards[slot] = shard
		}
	}
	// Requests that wait for a node may belong to another node now.
	for _, n := range l.nodes {
		for range n.queue.len() {
			f := *n.queue.front()
			l.hold = append(l.hold[:0], n.queue.bytes()...)
			n.queue.pop()
			l.queued--
			f.ask = false
			l.route(l.nodeOf(&f), &f, l.hold)
		}
	}
}

// member finds or adds a node of a topology and gives it its part there; nil if
// there are too many.
func (l *loop) member(e endpoint, shard uint16, replica bool) *node {
	i, ok := l.byAddr[e.addr]
	if !ok {
		if len(l.nodes) >= maxNodes {
			return nil
		}
		i = l.addNode(e, shard).index
	}
	n := l.nodes[i]
	n.ip, n.shard = e.ip, shard
	l.takePart(n, replica)
	l.activate(n)
	return n
}

// takePart makes a node a replica or a primary; connections that began as the
// other are made anew.
func (l *loop) takePart(n *node, replica bool) {
	if n.replica == replica {
		return
	}
	n.replica = replica
	for _, c := range n.conns {
		l.retireConn(c)
	}
}

// addNode makes a node, without connections.
func (l *loop) addNode(e endpoint, shard uint16) *node {
	n := &node{addr: e.addr, ip: e.ip, index: uint16(len(l.nodes)), shard: shard, queue: newOutbox(16, 1<<10)}
	l.nodes = append(l.nodes, n)
	l.byAddr[e.addr] = n.index
	return n
}

// activate has a node's connections made and kept.
func (l *loop) activate(n *node) {
	n.active = true
	if len(n.conns) > 0 {
		return // the tick reconnects them
	}
	n.free = make([]*conn, l.share)
	for range l.share {
		n.conns = append(n.conns, l.newConn(n))
	}
	for _, c := range n.conns {
		l.open(c)
	}
}

// nowhere is the node of slots that no node serves: requests fail there, in a
// closed loop after some patience.
func (l *loop) nowhere() *node {
	return &node{down: true, why: ClassNoNode, queue: newOutbox(16, 1<<10)}
}

// nodeAt finds the node that a redirect names, adding it if its address needs
// no look-up and there are not too many; else nil.
func (l *loop) nodeAt(to resp.Redirect, from *node) *node {
	host := to.Host
	if len(host) == 0 {
		host = from.host()
	}
	l.name = append(l.name[:0], host...)
	if bytes.IndexByte(host, ':') >= 0 {
		l.name = append(append(append(l.name[:0], '['), host...), ']')
	}
	l.name = strconv.AppendUint(append(l.name, ':'), uint64(to.Port), 10)
	if i, ok := l.byAddr[string(l.name)]; ok {
		n := l.nodes[i]
		l.activate(n)
		return n
	}
	ip, err := netip.ParseAddr(string(host))
	if _, plain := l.cfg.Dialer.Plain(); plain && err != nil {
		return nil
	}
	if l.strangers >= maxStrangers || len(l.nodes) >= maxNodes {
		return nil
	}
	l.strangers++
	n := l.addNode(endpoint{addr: string(l.name), ip: netip.AddrPortFrom(ip.Unmap(), to.Port)}, from.shard)
	l.activate(n)
	return n
}

// host is the node's address without its port.
func (n *node) host() []byte {
	host, _, err := net.SplitHostPort(n.addr)
	if err != nil {
		return nil
	}
	return []byte(host)
}
