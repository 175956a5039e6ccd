package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

func (d *document) validateAudit(s *Scenario) {
	const at = "workload.audit"
	a := s.Workload.Audit
	if a == nil {
		return
	}
	for i, k := range a.Kinds {
		path := fmt.Sprintf("%s.kinds[%d]", at, i)
		switch {
		case !slices.Contains(AuditKinds, k):
			hint := ""
			if c := closest(k, AuditKinds); c != "" {
				hint = "did you mean " + c + "?"
			}
			d.reject(path, nil, hint, "must be %s, not %q", either(AuditKinds), clip(k))
		case slices.Contains(a.Kinds[:i], k):
			d.reject(path, nil, "write each kind once", "%s is named twice", k)
		}
	}
	if a.Reads > 0 && !slices.Contains(a.Kinds, "register") && d.values[at+".reads"] != nil {
		d.reject(at+".reads", []string{at + ".kinds"}, "add register to kinds, or leave reads out", "only registers are read, and kinds has no register")
	}
	if a.Wait != nil {
		d.validateReplicas(s, a.Wait, at+".wait")
	}
}

// validateReplicas checks what WAIT at a path awaits.
func (d *document) validateReplicas(s *Scenario, w *Wait, at string) {
	if w.Replicas > s.Redis.ReplicasPerShard && !s.attached() {
		d.reject(at+".replicas", []string{"redis.replicasPerShard"}, "", "%d replicas are more than a shard has, %d", w.Replicas, s.Redis.ReplicasPerShard)
	}
	if w.Replicas == 0 && w.Local == 0 {
		d.reject(at, []string{at + ".replicas", at + ".local"}, "write replicas: 1", "waits for nothing")
	}
	if w.Local > 0 && !s.attached() && s.Redis.some("appendonly", func(value string, _ bool) bool { return !strings.EqualFold(value, "yes") }) {
		d.reject(at+".local", nil, "write appendonly: yes into redis.config", "waits for an append-only file, but appendonly is not yes on each node")
	}
}
