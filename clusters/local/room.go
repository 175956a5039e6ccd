// Package local is the place where nodes run on this machine: a sealed room of
// namespaces where the kernel grants one, else plain loopback. It gives
// addresses and processes; it knows nothing of Redis.
//
// On Linux a run goes through the room's door like this:
//
//	outer process ── Enter ──▶ same program, new user, network, PID and mount
//	                           namespaces ── Inside ──▶ goes on with the run
//
// The inner process is PID 1 of its namespace. When either process dies, however
// it dies, the kernel ends everything inside and drops the network with its
// rules; nothing has to be cleaned up.
package local

// Room is where this process stands.
type Room struct {
	// Sealed is true inside namespaces of this run's own.
	Sealed bool
	// Why says why not, when it is not.
	Why string
}

// String is the room as reports show it.
func (r Room) String() string {
	if r.Sealed {
		return "namespaces"
	}
	if r.Why == "" {
		return "plain loopback"
	}
	return "plain loopback (" + r.Why + ")"
}

// The values of a scenario's cluster.local.isolation.
const (
	Auto       = "auto"
	Namespaces = "namespaces"
	None       = "none"
)
