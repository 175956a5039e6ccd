package ledger

import (
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// Audit is what an auditor is to do.
type Audit struct {
	Target servers.Target
	Spec   scenarios.Audit
	// Run makes values unique among runs.
	Run   string
	Clock results.Clock
	// Share, if not nil, leaves to this auditor one generator's turns, where each
	// generator has an auditor beside it.
	Share *Share
	// Ledger takes every scheduled write, Reads every read. They may be called
	// from many goroutines.
	Ledger func(results.Write) error
	Reads  func(results.AuditRead) error
}

// Share is a part of the audited requests: those whose number, divided by Of,
// leaves Index.
type Share struct{ Index, Of int }

// requestTimeout bounds one audited request.
const requestTimeout = time.Second

// timeout is how long a request may take with what it waits for.
func (a *Audit) timeout() time.Duration {
	if a.Spec.Wait == nil {
		return requestTimeout
	}
	return requestTimeout + a.Spec.Wait.Timeout.Std()
}

func (a *Audit) shardOf(key string) int { return a.Target.ShardOf(int(resp.Slot([]byte(key)))) }
