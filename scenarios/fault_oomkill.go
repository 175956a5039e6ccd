package scenarios

// OOMKill has redis-server exceed the memory limit of its container, by a script that
// allocates more than it and writes nothing. The kernel ends it, and Kubernetes says that
// the container was OOMKilled; the kubelet starts it again in the same pod.
type OOMKill struct {
	// The nodes that exceed their limit, redis.resources.memory.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Name is the field.
func (*OOMKill) Name() string { return "oomKill" }

// Words are the target.
func (k *OOMKill) Words() string { return "memory limit exceeded by " + k.Target.String() }

// Aim is the target.
func (k *OOMKill) Aim() Aim { return Aim{Target: k.Target} }

// Traits are those of a process that the kernel ends.
func (*OOMKill) Traits() Traits {
	return Traits{Takes: TakesProcess, Deposes: Surely, Signal: "SIGKILL"}
}

func (*OOMKill) fill(*filler, string) {}

func (k *OOMKill) validate(d *document, at ground, path string) {
	switch {
	case at.local():
		d.reject(path, []string{"cluster.provider"}, "choose another cluster.provider, or use memory, which takes memory from all nodes of this machine", "no container has a memory limit: the provider is local")
	case !at.limited && at.provider != Attach:
		d.reject(path, []string{"redis.resources.memory"}, "add redis.resources: {memory: 256Mi}", "the containers have no memory limit to exceed")
	}
}
