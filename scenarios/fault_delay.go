package scenarios

import "fmt"

// Delay delays the packets between two sets of nodes and clients. Packets of one
// connection keep their order, but for those of reorder.
type Delay struct {
	// One side: nodes and clients.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// The other side. Default: everything not in `between`.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// both, or one-way: only what `between` sends to `and`.
	Direction string `yaml:"direction" json:"direction" jsonschema:"enum=both,enum=one-way"`
	// all, client (the port of clients, which replication uses too) or bus (the port
	// on which nodes watch each other and vote).
	Traffic string `yaml:"traffic" json:"traffic" jsonschema:"enum=all,enum=client,enum=bus"`
	// The delay of a packet, in each direction: a round trip takes twice as long.
	Latency Duration `yaml:"latency" json:"latency" jsonschema:"required,minimum=100us,maximum=1m"`
	// How much the delay varies, at most latency. Of uniform it is the most that a delay
	// differs from latency, of normal and pareto the standard deviation.
	Jitter Duration `yaml:"jitter,omitempty" json:"jitter,omitempty" jsonschema:"minimum=0s,maximum=1m"`
	// uniform, normal, or pareto: most packets are a little early, a few very late.
	Distribution string `yaml:"distribution" json:"distribution" jsonschema:"enum=uniform,enum=normal,enum=pareto"`
	// How much the delay of a packet resembles that of the one before: 0 is not at all.
	Correlation float64 `yaml:"correlation,omitempty" json:"correlation,omitempty" jsonschema:"minimum=0,maximum=0.999"`
	// The percentage of packets that are delayed by latency once more, so that the packets
	// behind them overtake them.
	Reorder float64 `yaml:"reorder,omitempty" json:"reorder,omitempty" jsonschema:"minimum=0,maximum=100"`
}

// Name is the field.
func (*Delay) Name() string { return "delay" }

// Words are the delay and the two sides.
func (l *Delay) Words() string {
	text := "delay of " + l.Latency.String()
	if l.Jitter > 0 {
		text += " ± " + l.Jitter.String() + " (" + l.Distribution + ")"
	}
	if l.Reorder > 0 {
		text += fmt.Sprintf(", %g %% of packets out of order", l.Reorder)
	}
	return l.Aim().Words(text)
}

// Aim is the two sides.
func (l *Delay) Aim() Aim {
	return Aim{Between: l.Between, And: l.And, Direction: l.Direction, Traffic: l.Traffic}
}

// Traits are those of a network that is slow.
func (*Delay) Traits() Traits { return Traits{Takes: TakesNetwork, Deposes: Maybe, Lasts: true} }

func (l *Delay) fill(f *filler, path string) {
	fillSides(f, path, &l.And, &l.Direction, &l.Traffic)
	fill(f, path+".distribution", &l.Distribution, "uniform", "each delay within the jitter is as likely as another")
}

func (l *Delay) validate(d *document, _ ground, path string) {
	if l.Jitter > l.Latency {
		d.reject(path+".jitter", []string{path + ".latency"}, "", "%s is above latency, %s", l.Jitter, l.Latency)
	}
	if l.Correlation > 0 && l.Jitter == 0 {
		d.reject(path+".correlation", []string{path + ".jitter"}, "add jitter, or leave correlation out", "correlation needs jitter")
	}
}
