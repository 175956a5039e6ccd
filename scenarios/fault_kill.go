package scenarios

// Kill ends a node; its supervisor, or Kubernetes, starts it again.
type Kill struct {
	// Target is who is killed; roles are looked up at the moment of injection.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Scope is what is ended on Kubernetes. "pod" deletes the pod, by force for
	// SIGKILL and with its grace period for SIGTERM: a new pod with a new IP
	// takes over its volume. "container" sends the signal to redis-server, and
	// the kubelet starts it again in the same pod. On this machine the two are
	// the same.
	Scope string `yaml:"scope" json:"scope" jsonschema:"enum=pod,enum=container"`
	// Signal is "SIGKILL" or "SIGTERM".
	Signal string `yaml:"signal" json:"signal" jsonschema:"enum=SIGKILL,enum=SIGTERM"`
	// Grace is how long after SIGTERM SIGKILL follows, if it is still needed; 0
	// is never. For a pod it is the grace period of its deletion.
	Grace Duration `yaml:"grace,omitempty" json:"grace,omitempty" jsonschema:"minimum=0s,maximum=1h"`
}

// Name is the field.
func (*Kill) Name() string { return "kill" }

// Words are the signals and their target.
func (k *Kill) Words() string {
	text := k.Signal
	if k.Grace > 0 {
		text += " and after " + k.Grace.String() + " SIGKILL"
	}
	return text + " to " + k.Target.String()
}

// Aim is the target.
func (k *Kill) Aim() Aim { return Aim{Target: k.Target} }

// Traits are those of a process that ends: a crash, or asked for by SIGTERM.
func (k *Kill) Traits() Traits {
	return Traits{Takes: TakesProcess, Deposes: Surely, Asked: k.Signal == "SIGTERM", Signal: k.Signal, Restarts: true, Grace: k.Grace}
}

func (k *Kill) fill(f *filler, path string) {
	fill(f, path+".scope", &k.Scope, "pod", "what eviction and the loss of a machine end")
	fill(f, path+".signal", &k.Signal, "SIGKILL", "a crash, without a farewell")
}

func (k *Kill) validate(d *document, _ ground, path string) {
	if k.Grace > 0 && k.Signal != "SIGTERM" {
		d.reject(path+".grace", []string{path + ".signal"}, "write signal: SIGTERM, or leave grace out", "SIGKILL gives no grace")
	}
}
