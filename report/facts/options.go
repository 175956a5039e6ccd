package facts

import (
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// ReloadOption is the client option that decides how long a go-redis client
// keeps asking a dead primary.
const ReloadOption = "ClusterStateReloadInterval"

// Option is a client option by its name in any case, or nil.
func Option(r *results.Run, name string) *results.Option {
	for i, o := range r.Client.Options {
		if strings.EqualFold(o.Name, name) {
			return &r.Client.Options[i]
		}
	}
	return nil
}
