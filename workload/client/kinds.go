package client

import (
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Kind is a client that workload.client.type can name.
type Kind struct {
	Name string
	// New prepares a generator. It does not connect.
	New func(Plan) (Driver, error)
	// Lead is how long before the start of the load it connects.
	Lead time.Duration
	// procs is how many Ps of Go's scheduler it needs, and gcPercent, if above 0,
	// the percentage at which garbage is collected.
	procs     func(*scenarios.Client) int
	gcPercent int
}

// kinds lists the clients. The first is the default.
var kinds = []Kind{
	{Name: "go-redis", New: goRedisDriver, procs: goRedisProcs, gcPercent: goRedisGCPercent},
	{Name: "wire", New: newWireDriver, Lead: wireLead, procs: wireProcs},
}

// Named finds a kind. Without a name it is the default.
func Named(name string) (Kind, error) {
	if name == "" {
		return kinds[0], nil
	}
	for _, k := range kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("no client is named %q", name)
}
