package scenarios

// Restart replaces the pods of whole shards one by one, as 'kubectl rollout restart'
// does: one shard after the other, and in each shard the next pod when the last one
// is ready.
type Restart struct {
	// A shard, such as shard 0 or shard of the hottest slot, or all nodes.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Name is the field.
func (*Restart) Name() string { return "restart" }

// Words are the target.
func (r *Restart) Words() string { return "rolling restart of " + r.Target.String() }

// Aim is the target.
func (r *Restart) Aim() Aim { return Aim{Target: r.Target} }

// Traits are those of pods that are replaced one after the other.
func (*Restart) Traits() Traits {
	return Traits{Takes: TakesProcess, Deposes: Surely, Gradual: true, Rolls: true, Asked: true}
}

func (*Restart) fill(*filler, string) {}

func (r *Restart) validate(d *document, at ground, path string) {
	if at.local() {
		d.reject(path, []string{"cluster.provider"}, "choose another cluster.provider, or restart node by node with timeline.upgrade", "there is no StatefulSet to roll: the provider is local")
	}
	if r.Target.Role != AnyRole || r.Target.By == ByNode {
		d.reject(path+".target", nil, "write shard 0, shard of the hottest slot, or all nodes", "a restart replaces the pods of whole shards, and %s is not one", r.Target)
	}
}
