package local

import "net/netip"

// Rule says what becomes of packets from one set of addresses to another.
type Rule struct {
	From, To []netip.Addr
	// Ports narrows to TCP packets from or to one of them; none is all packets.
	Ports []uint16
	// Do is what becomes of them. Queue goes with Hand.
	Do    Verdict
	Queue uint16
}

// Verdict is what becomes of a packet.
type Verdict string

// The verdicts: Drop loses it without a word, Reject answers the sender, and Hand gives
// it to the process that reads a queue; while no process does, it passes.
const (
	Drop   Verdict = "drop"
	Reject Verdict = "reject"
	Hand   Verdict = "hand"
)

// Unused is an address that no host of a room has: rules for it try whether the kernel
// can do what they say.
func Unused() []netip.Addr { return []netip.Addr{netip.AddrFrom4([4]byte{127, 255, 255, 254})} }
