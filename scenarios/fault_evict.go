package scenarios

// Evict asks Kubernetes to evict the pod of one node, as a drain, an autoscaler or a
// descheduler does. Kubernetes refuses while the PodDisruptionBudget does not allow it:
// then the pod stays, and the report says so.
type Evict struct {
	// The node whose pod is evicted.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Name is the field.
func (*Evict) Name() string { return "evict" }

// Words are the target.
func (e *Evict) Words() string { return "eviction of the pod of " + e.Target.String() }

// Aim is the target.
func (e *Evict) Aim() Aim { return Aim{Target: e.Target} }

// Traits are those of a pod that stops on request.
func (*Evict) Traits() Traits {
	return Traits{Takes: TakesProcess, Deposes: Surely, Asked: true, Signal: "SIGTERM"}
}

func (*Evict) fill(*filler, string) {}

func (e *Evict) validate(d *document, at ground, path string) {
	if at.local() {
		d.reject(path, []string{"cluster.provider"}, "choose another cluster.provider", "there is no pod to evict: the provider is local")
	}
	if !e.Target.single() {
		d.reject(path+".target", nil, "write primary of shard 0, or another single node", "an eviction is of one pod, and %s can be several", e.Target)
	}
}
