package scenarios

import "fmt"

// Bandwidth limits the bandwidth between two sets of nodes and clients.
type Bandwidth struct {
	// One side: nodes and clients.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// The other side. Default: everything not in `between`.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// Kilobytes (1000 bytes) per second in each direction. Packets beyond that are
	// dropped.
	KBps int `yaml:"kBps" json:"kBps" jsonschema:"required,minimum=1,maximum=10000000"`
}

// Name is the field.
func (*Bandwidth) Name() string { return "bandwidth" }

// Words are the bound and the two sides.
func (b *Bandwidth) Words() string {
	return wordsBetween(fmt.Sprintf("bandwidth of %d kB/s", b.KBps), b.Between, b.And)
}

// Aim is the two sides.
func (b *Bandwidth) Aim() Aim { return Aim{Between: b.Between, And: b.And} }

// Traits are those of a network that is narrow.
func (*Bandwidth) Traits() Traits { return Traits{Takes: TakesNetwork, Deposes: Maybe, Lasts: true} }

func (b *Bandwidth) fill(f *filler, path string)      { fillRest(f, path, &b.And) }
func (*Bandwidth) validate(*document, ground, string) {}
