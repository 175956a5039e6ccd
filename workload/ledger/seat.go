package ledger

import (
	"sync/atomic"

	"github.com/slotstorm/slotstorm/workload/servers"
)

// seat is the target as seen from a place in the network.
type seat struct {
	target servers.Target
	// name is empty if there is one seat only.
	name string
	// route is, by shard, the index of the member that served it last.
	route []atomic.Int32
	keys  *keys
}
