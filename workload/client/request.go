package client

import (
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// request is one request on its way through go-redis.
type request struct {
	meta    stream.Meta
	calls   []stream.Call
	outcome results.Outcome
	// missed says that the last command found nothing.
	missed bool
	class  string
	// node is the one that the last attempt went to.
	node place
	// retried are the classes of the attempts that went wrong before it was ok.
	retried []string
	// again is how often it was executed beside the execution that its outcome is about.
	again int
}
