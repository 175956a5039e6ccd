package scenarios

// Delay delays the packets between two sets of nodes and clients.
type Delay struct {
	// One side: nodes and clients.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// The other side. Default: everything not in `between`.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// The delay of a packet, in either direction.
	Latency Duration `yaml:"latency" json:"latency" jsonschema:"required,minimum=1ms,maximum=1m"`
	// The most that the delay varies.
	Jitter Duration `yaml:"jitter,omitempty" json:"jitter,omitempty" jsonschema:"minimum=0s,maximum=1m"`
}

// Name is the field.
func (*Delay) Name() string { return "delay" }

// Words are the delay and the two sides.
func (l *Delay) Words() string {
	text := l.Latency.String()
	if l.Jitter > 0 {
		text += " ± " + l.Jitter.String()
	}
	return wordsBetween("delay of "+text, l.Between, l.And)
}

// Aim is the two sides.
func (l *Delay) Aim() Aim { return Aim{Between: l.Between, And: l.And} }

// Traits are those of a network that is slow.
func (*Delay) Traits() Traits { return Traits{Takes: TakesNetwork, Deposes: Maybe, Lasts: true} }

func (l *Delay) fill(f *filler, path string) { fillRest(f, path, &l.And) }

func (l *Delay) validate(d *document, _ ground, path string) {
	if l.Jitter > l.Latency {
		d.reject(path+".jitter", []string{path + ".latency"}, "", "%s is above latency, %s", l.Jitter, l.Latency)
	}
}
