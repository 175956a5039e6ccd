package attached

import (
	"errors"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Options say which cluster, and how to talk to it.
type Options struct {
	Run   string
	Redis scenarios.Redis
	At    scenarios.AttachedCluster
	// Note takes what the user has to know and that is no error.
	Note func(message string)
}

// ErrUnfit marks a cluster that slotstorm does not act on as it is.
var ErrUnfit = errors.New("the cluster cannot be used as it is")

const (
	// answerLimit bounds a question to a node.
	answerLimit = 5 * time.Second
	// wholeLimit is how long a cluster may take to be whole: a running one is.
	wholeLimit = 5 * time.Second
	// healLimit is wholeLimit after a fault.
	healLimit = 2 * time.Minute
	// clearLimit bounds the removal of the keys of a run.
	clearLimit = 3 * time.Minute
)
