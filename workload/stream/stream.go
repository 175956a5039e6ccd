// Package stream turns a request's index into its bytes, without allocation and
// without memory of other requests:
//
//	seed, index ─▶ draws ─▶ entry of the mix ─▶ key space ─▶ key ─┐
//	entry ─▶ its template, compiled once ─────────────────────────┴▶ RESP
//
// Both clients take the same bytes: the wire driver as they are, go-redis as the
// arguments that Calls reads back from them. So the same seed gives the same
// requests byte for byte, independent of the client and of the number of generators.
package stream

import (
	"bytes"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// Stream makes requests. It holds no state of them: any number of goroutines may
// use it.
type Stream struct {
	seed    uint64
	entries []entry
	shares  random.Shares
	spaces  []*space
	weights random.Shares
	values  *values
	scripts []Script
	fill    []part
	names   []string
}

// Meta describes a request to its client.
type Meta struct {
	// Command is the entry of the mix.
	Command int
	// Slot is the slot of its first key, 0 to 16383, and of all others unless the
	// scenario has them apart. Without a key it is drawn, so that such requests spread
	// over the primaries.
	Slot int
	// Keyless is true if it has no key: any node can answer, and one that answers need
	// not serve any slot.
	Keyless bool
	// Replies is the number of replies: one for each command, including those of a
	// transaction and a WAIT behind a write.
	Replies int
	// Write is true if it may change data, and so must not be sent twice.
	Write bool
	// Reads is true if it looks for the value of a key, and its reply shows whether there
	// was one.
	Reads bool
	// Effect is what an error reply says about the execution.
	Effect resp.Effect
	// Wait is the number of replicas and, for WAITAOF, Local the number of append-only
	// files that the last reply must reach; both are 0 for requests without WAIT.
	Wait, Local int
}

// Script is a Lua script that every primary must hold before the load. It is loaded
// again where a reply says NOSCRIPT.
type Script struct{ SHA, Source string }

// New compiles the workload of a valid scenario.
func New(w *scenarios.Workload, seed uint64) (*Stream, error) {
	s := &Stream{seed: seed, values: newValues(&w.Values)}
	var weights []float64
	writes, all := 0.0, 0.0
	for i := range w.Mix {
		e, err := compile(&w.Mix[i], w)
		if err != nil {
			return nil, fmt.Errorf("mix entry %s: %w", w.Mix[i].Label(), err)
		}
		s.entries = append(s.entries, e)
		s.names = append(s.names, w.Mix[i].Label())
		weights = append(weights, w.Mix[i].Weight)
		all += w.Mix[i].Weight
		if e.write {
			writes += w.Mix[i].Weight
		}
		if c := &w.Mix[i]; c.Command == "EVALSHA" {
			s.scripts = append(s.scripts, Script{shaOf(c.Script), c.Script})
		}
	}
	s.shares = random.SharesOf(weights...)
	weights = weights[:0]
	whole := 0.0
	for _, k := range w.KeySpaces() {
		weights = append(weights, k.Weight)
		whole += k.Weight
	}
	for _, k := range w.KeySpaces() {
		s.spaces = append(s.spaces, newSpace(k.Keys, seed, writes/all*(k.Weight/whole)))
	}
	s.weights = random.SharesOf(weights...)
	s.fill = partsOf(w, s.spaces, s.entries)
	return s, nil
}

// Names are the entries of the mix as reports call them, by Meta.Command.
func (s *Stream) Names() []string { return s.names }

// Scripts are the scripts of the mix.
func (s *Stream) Scripts() []Script { return s.scripts }

// Command is the number of a request's entry of the mix.
func (s *Stream) Command(index int64) int {
	d := random.For(s.seed, index)
	return s.shares.Pick(d.Float())
}

// valueStream keeps values apart from keys, so that changing the one does not
// change the other.
const valueStream = 0x5ca1_ab1e_0ddb_a115

// slotStream keeps the slots of requests without a key apart from all else.
const slotStream = 0x3a5e_0f00_d51e_7c0d

// Append appends the request of an index, 0 or more, that is due at an offset
// from the start of the load: one command or, for transactions and waits,
// several, all encoded. It allocates nothing when buf has room.
func (s *Stream) Append(buf []byte, index int64, at time.Duration) ([]byte, Meta) {
	d := random.For(s.seed, index)
	c := s.shares.Pick(d.Float())
	e := &s.entries[c]
	sp := s.spaces[0]
	if len(s.spaces) > 1 {
		sp = s.spaces[s.weights.Pick(d.Float())]
	}
	w := writer{values: s.values, buf: buf, draws: d, content: random.For(s.seed^valueStream, index), index: index}
	w.spot.pick(sp, &w.draws, place{index, at, e.write})
	m := Meta{Command: c, Replies: e.replies, Write: e.write, Effect: e.effect, Wait: e.wait, Local: e.local}
	switch e.route {
	case drawn:
		m.Slot = w.spot.slot(e.keyType)
	case literal:
		m.Slot = e.slot
	case keyless:
		draws := random.For(s.seed^slotStream, index)
		m.Slot, m.Keyless = int(draws.Int(resp.Slots)), true
	}
	m.Reads = !m.Write && !m.Keyless && m.Replies == 1 && !e.sends
	for i := range e.ops {
		start := len(w.buf)
		w.do(&e.ops[i])
		if e.ops[i].routes {
			m.Slot = int(resp.Slot(argument(w.buf[start:])))
		}
	}
	return w.buf, m
}

// argument is the content of an encoded argument: what follows its length, without the
// end of the line.
func argument(encoded []byte) []byte {
	return encoded[bytes.IndexByte(encoded, '\n')+1 : len(encoded)-2]
}

// Fills is the number of commands of a prefill.
func (s *Stream) Fills() int64 {
	n := int64(0)
	for _, p := range s.fill {
		n += p.keys * p.chunks
	}
	return n
}

// fillStream keeps the draws of a prefill apart from those of requests.
const fillStream = 0x0f11_1ed0_dead_beef

// AppendFill appends the command of a prefill with a number, from 0 to Fills()-1,
// and gives its slot. Keys that expire do so after a drawn share of their time,
// as if they had been written at random moments before.
func (s *Stream) AppendFill(b []byte, n int64) ([]byte, int) {
	d := random.For(s.seed^fillStream, n)
	i := 0
	for ; n >= s.fill[i].keys*s.fill[i].chunks; i++ {
		n -= s.fill[i].keys * s.fill[i].chunks
	}
	p := s.fill[i]
	first := n % p.chunks * chunk
	f := filler{w: writer{values: s.values, buf: b, draws: d, content: d}, typ: p.typ, first: first, count: min(chunk, p.space.elements-first)}
	f.w.spot.set(p.space, n/p.chunks, p.hot)
	f.append(p.ttl)
	return f.w.buf, f.w.spot.slot(p.typ)
}
