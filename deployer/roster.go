package deployer

import "sync"

// roster is which of the nodes of a cluster that a run scales are not in it now.
type roster struct {
	mu     sync.RWMutex
	absent map[string]bool
}

// has reports whether a node is in the cluster.
func (r *roster) has(node string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return !r.absent[node]
}

// set notes that nodes are in the cluster now, or are not.
func (r *roster) set(present bool, nodes ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range nodes {
		r.absent[n] = !present
	}
}
