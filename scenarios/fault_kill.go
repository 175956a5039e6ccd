package scenarios

import "fmt"

// Kill ends a node. Its supervisor, or Kubernetes, starts it again.
type Kill struct {
	// The nodes to kill. Roles are looked up when the fault is injected.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// What ends on Kubernetes. pod: the pod is deleted, at once for SIGKILL and with
	// its grace period for SIGTERM; a new pod with a new IP takes over its volume.
	// container: redis-server gets the signal, and the kubelet starts it again in the
	// same pod. On this machine both are the same.
	Scope string `yaml:"scope" json:"scope" jsonschema:"enum=pod,enum=container"`
	// SIGKILL is a crash; SIGTERM asks redis-server to stop.
	Signal string `yaml:"signal" json:"signal" jsonschema:"enum=SIGKILL,enum=SIGTERM"`
	// The time from SIGTERM to SIGKILL, if the node still runs; 0 is no SIGKILL. For
	// a pod it is the grace period of the deletion.
	Grace Duration `yaml:"grace,omitempty" json:"grace,omitempty" jsonschema:"minimum=0s,maximum=1h"`
	// How long the node stays down, from the signal on, 0s to 1h, or forever: until the
	// end of the timeline. Default: on this machine cluster.local.restartDelay; on Kubernetes as
	// long as Kubernetes takes to start it again: about two seconds for a pod, and less
	// for a container that has not ended lately.
	Away *Away `yaml:"away,omitempty" json:"away,omitempty" jsonschema:"minimum=0s,maximum=1h"`
}

// Name is the field.
func (*Kill) Name() string { return "kill" }

// Words are the signals and their target.
func (k *Kill) Words() string {
	text := k.Signal
	if k.Grace > 0 {
		text += " and after " + k.Grace.String() + " SIGKILL"
	}
	text += " to " + k.Target.String()
	switch {
	case k.Away == nil:
	case k.Away.Forever:
		text += ", down until the end"
	default:
		text += fmt.Sprintf(", down for %s", k.Away.For)
		if k.Signal == "SIGTERM" {
			text += " from the signal on"
		}
	}
	return text
}

// Aim is the target.
func (k *Kill) Aim() Aim { return Aim{Target: k.Target} }

// Traits are those of a process that ends: a crash, or asked for by SIGTERM.
func (k *Kill) Traits() Traits {
	return Traits{Takes: TakesProcess, Deposes: Surely, Asked: k.Signal == "SIGTERM", Signal: k.Signal, Restarts: true, Grace: k.Grace, Away: k.Away}
}

func (k *Kill) fill(f *filler, path string) {
	fill(f, path+".scope", &k.Scope, "pod", "eviction, or the loss of a machine, ends pods")
	fill(f, path+".signal", &k.Signal, "SIGKILL", "a crash, without warning")
}

func (k *Kill) validate(d *document, _ ground, path string) {
	if k.Grace > 0 && k.Signal != "SIGTERM" {
		d.reject(path+".grace", []string{path + ".signal"}, "write signal: SIGTERM, or leave grace out", "grace needs SIGTERM")
	}
}
