package local

import "net/netip"

// Rule says what becomes of packets from one set of addresses to another.
type Rule struct {
	From, To []netip.Addr
	// Ports narrows to TCP packets from or to one of them; none is all packets.
	Ports []uint16
	// Do is what becomes of them. Percent goes with Lose, KBps with Limit.
	Do      Verdict
	Percent float64
	KBps    int
}

// Verdict is what becomes of a packet.
type Verdict string

// The verdicts: Drop loses it without a word, Reject answers the sender, Lose drops
// some at random, and Limit drops what exceeds a number of kilobytes a second.
const (
	Drop   Verdict = "drop"
	Reject Verdict = "reject"
	Lose   Verdict = "lose"
	Limit  Verdict = "limit"
)
