package scenarios

import "fmt"

// Loss loses some of the packets between two sets of nodes and clients.
type Loss struct {
	// One side: nodes and clients.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// The other side. Default: everything not in `between`.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// The percentage of packets that are lost, above 0 up to 100, in either
	// direction.
	Percent float64 `yaml:"percent" json:"percent" jsonschema:"required,exclusiveMinimum=0,maximum=100"`
}

// Name is the field.
func (*Loss) Name() string { return "loss" }

// Words are the share and the two sides.
func (l *Loss) Words() string {
	return wordsBetween(fmt.Sprintf("loss of %g %% of packets", l.Percent), l.Between, l.And)
}

// Aim is the two sides.
func (l *Loss) Aim() Aim { return Aim{Between: l.Between, And: l.And} }

// Traits are those of a network that loses packets.
func (*Loss) Traits() Traits { return Traits{Takes: TakesNetwork, Deposes: Maybe, Lasts: true} }

func (l *Loss) fill(f *filler, path string)      { fillRest(f, path, &l.And) }
func (*Loss) validate(*document, ground, string) {}
