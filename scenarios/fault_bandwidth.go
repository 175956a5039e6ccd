package scenarios

import "fmt"

// Bandwidth limits the bandwidth between two sets of nodes and clients. All pairs of one
// direction share it.
type Bandwidth struct {
	// One side: nodes and clients.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0]"`
	// The other side. Default: everything not in `between`.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// both, or one-way: only what `between` sends to `and`.
	Direction string `yaml:"direction" json:"direction" jsonschema:"enum=both,enum=one-way"`
	// all, client (the port of clients, which replication uses too) or bus (the port
	// on which nodes watch each other and vote).
	Traffic string `yaml:"traffic" json:"traffic" jsonschema:"enum=all,enum=client,enum=bus"`
	// Kilobytes (1000 bytes) per second in each direction, with the headers of IP and TCP.
	// Packets beyond that wait: up to 100 ms of the bandwidth, at least 1 MiB, because a
	// packet of loopback has up to 64 KiB. Those beyond that are lost, as in a router.
	KBps int `yaml:"kBps" json:"kBps" jsonschema:"required,minimum=1,maximum=10000000"`
}

// Name is the field.
func (*Bandwidth) Name() string { return "bandwidth" }

// Words are the bound and the two sides.
func (b *Bandwidth) Words() string {
	return b.Aim().Words(fmt.Sprintf("bandwidth of %d kB/s", b.KBps))
}

// Aim is the two sides.
func (b *Bandwidth) Aim() Aim {
	return Aim{Between: b.Between, And: b.And, Direction: b.Direction, Traffic: b.Traffic}
}

// Traits are those of a network that is narrow.
func (*Bandwidth) Traits() Traits { return Traits{Takes: TakesNetwork, Deposes: Maybe, Lasts: true} }

func (b *Bandwidth) fill(f *filler, path string) {
	fillSides(f, path, &b.And, &b.Direction, &b.Traffic)
}
func (*Bandwidth) validate(*document, ground, string) {}
