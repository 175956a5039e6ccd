package scenarios

import "fmt"

// Loss loses some of the packets between two sets of nodes and clients. TCP sends them
// again, so that loss shows as delay.
type Loss struct {
	// One side: nodes and clients.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// The other side. Default: everything not in `between`.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// both, or one-way: only what `between` sends to `and`.
	Direction string `yaml:"direction" json:"direction" jsonschema:"enum=both,enum=one-way"`
	// all, client (the port of clients, which replication uses too) or bus (the port
	// on which nodes watch each other and vote).
	Traffic string `yaml:"traffic" json:"traffic" jsonschema:"enum=all,enum=client,enum=bus"`
	// The percentage of packets that are lost, above 0 up to 100, in each direction.
	Percent float64 `yaml:"percent" json:"percent" jsonschema:"required,exclusiveMinimum=0,maximum=100"`
	// The mean number of packets that are lost in a row (Gilbert-Elliott). Default: each
	// packet is lost or not, whatever became of the one before.
	Burst float64 `yaml:"burst,omitempty" json:"burst,omitempty" jsonschema:"minimum=1,maximum=10000"`
}

// Name is the field.
func (*Loss) Name() string { return "loss" }

// Words are the share and the two sides.
func (l *Loss) Words() string {
	text := fmt.Sprintf("loss of %g %% of packets", l.Percent)
	if l.Burst > 0 {
		text += fmt.Sprintf(", %g in a row", l.Burst)
	}
	return l.Aim().Words(text)
}

// Aim is the two sides.
func (l *Loss) Aim() Aim {
	return Aim{Between: l.Between, And: l.And, Direction: l.Direction, Traffic: l.Traffic}
}

// Traits are those of a network that loses packets.
func (*Loss) Traits() Traits { return Traits{Takes: TakesNetwork, Deposes: Maybe, Lasts: true} }

func (l *Loss) fill(f *filler, path string) {
	fillSides(f, path, &l.And, &l.Direction, &l.Traffic)
}

func (l *Loss) validate(d *document, _ ground, path string) {
	// Each burst ends with a packet that arrives.
	if most := 100 * l.Burst / (l.Burst + 1); l.Burst > 0 && l.Percent > most {
		d.reject(path+".percent", []string{path + ".burst"}, "lower percent, raise burst, or leave burst out", "%g %% is more than bursts of %g packets can lose, %.4g %%", l.Percent, l.Burst, most)
	}
}
