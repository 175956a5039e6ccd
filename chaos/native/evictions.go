package native

import (
	"context"
	"slices"
	"sync"

	"github.com/slotstorm/slotstorm/deployer/pods"
)

// evictions are what became of evictions that were asked for.
type evictions struct {
	mu sync.Mutex
	// evicted are pods that were, in order; refused counts refusals by name, and
	// words holds what the budget said last.
	evicted []pods.Pod
	refused map[string]int
	words   string
	failed  error
}

// ask asks once for the eviction of a pod, and says whether it takes place.
func (e *evictions) ask(ctx context.Context, in Pods, p pods.Pod) bool {
	refused, err := in.Evict(ctx, p)
	if ctx.Err() != nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case err != nil:
		e.failed = err
	case refused != "":
		if e.refused == nil {
			e.refused = map[string]int{}
		}
		e.refused[p.Name]++
		e.words = refused
	default:
		if !slices.ContainsFunc(e.evicted, func(was pods.Pod) bool { return was.UID == p.UID }) {
			e.evicted = append(e.evicted, p)
		}
		return true
	}
	return false
}
