package scenarios

import "fmt"

// Machine breaks the machine (the Kubernetes node) that a Redis node runs on, with every
// Redis node on it, for the fault's duration. Only the machines of a kind cluster that
// slotstorm made can be broken. The load generators get a machine of their own.
type Machine struct {
	// The Redis node whose machine breaks.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// pause: nothing on the machine gets any time, and it goes on as it was. stop: the
	// power is cut, and the machine starts again. kubelet: only the kubelet stops;
	// redis-server goes on, and Kubernetes takes the machine for lost.
	Action string `yaml:"action" json:"action" jsonschema:"enum=pause,enum=stop,enum=kubelet"`
}

// Name is the field.
func (*Machine) Name() string { return "machine" }

// Words are the action and the target.
func (m *Machine) Words() string {
	what := map[string]string{"pause": "pause of the machine of ", "stop": "power cut of the machine of ", "kubelet": "stop of the kubelet on the machine of "}
	return what[m.Action] + m.Target.String()
}

// Aim is the target.
func (m *Machine) Aim() Aim { return Aim{Target: m.Target} }

// Traits are those of processes that get no time, that end, or that go on without a
// kubelet.
func (m *Machine) Traits() Traits {
	switch m.Action {
	case "stop":
		return Traits{Takes: TakesProcess, Deposes: Surely, Lasts: true, Wide: true}
	case "kubelet":
		return Traits{Takes: TakesKubelet, Lasts: true, Wide: true}
	}
	return Traits{Takes: TakesTime, Deposes: Surely, Lasts: true, Wide: true}
}

func (m *Machine) fill(f *filler, path string) {
	fill(f, path+".action", &m.Action, "pause", "a machine that hangs: nothing on it answers, and nothing closes its connections")
}

func (m *Machine) validate(d *document, at ground, path string) {
	switch at.provider {
	case "local":
		d.reject(path, []string{"cluster.provider"}, "write cluster.provider: kind", "there is no Kubernetes node to break: the provider is local")
	case "kube":
		d.reject(path, []string{"cluster.provider"}, "write cluster.provider: kind, or have a program of yours stop the machine in an exec fault",
			"slotstorm stops only machines of kind clusters that it made: the provider is kube")
	}
	if least := 3 + at.replicas; at.provider == "kind" && at.machines > 0 && at.machines < least {
		d.reject(path, []string{"cluster.kind.nodes"}, fmt.Sprintf("write cluster.kind.nodes: %d, or leave it out", least),
			"a kind cluster of %d nodes is too small: it takes a control plane, a machine for each copy of a shard, and one for the generators alone", at.machines)
	}
	if !m.Target.single() {
		d.reject(path+".target", nil, "write primary of shard 0, or another single node", "one machine breaks at a time, and %s can be on several", m.Target)
	}
}
