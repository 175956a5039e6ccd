package scenarios

// Drain takes the Kubernetes node that a Redis node runs on out of service for the
// fault's duration, as 'kubectl drain' does before maintenance. No new pod is placed
// there, and the Redis pods on it are evicted, the target's first, each as soon as
// the PodDisruptionBudget allows. Pods that are not of this run stay.
type Drain struct {
	// The Redis node whose Kubernetes node is drained.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Name is the field.
func (*Drain) Name() string { return "drain" }

// Words are the target.
func (n *Drain) Words() string { return "drain of the Kubernetes node of " + n.Target.String() }

// Aim is the target.
func (n *Drain) Aim() Aim { return Aim{Target: n.Target} }

// Traits are those of pods that are evicted one after the other.
func (*Drain) Traits() Traits {
	return Traits{Takes: TakesProcess, Deposes: Surely, Lasts: true, Gradual: true, Asked: true}
}

func (*Drain) fill(*filler, string) {}

func (*Drain) validate(d *document, at ground, path string) {
	if at.local() {
		d.reject(path, []string{"cluster.provider"}, "choose another cluster.provider", "there is no Kubernetes node to drain: the provider is local")
	}
}
