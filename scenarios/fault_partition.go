package scenarios

import "fmt"

// Partition cuts two sets of nodes and clients off from each other. Connections
// within a set, and to what is in neither set, stay. The polls of slotstorm are in no
// set: they reach every node.
type Partition struct {
	// One side: nodes and clients.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0, generator 1]"`
	// The other side. Default: everything not in `between`.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// both, or one-way: what `between` sends does not arrive at `and`; the other
	// direction stays open.
	Direction string `yaml:"direction" json:"direction" jsonschema:"enum=both,enum=one-way"`
	// all, client (the port of clients, which replication uses too) or bus (the port
	// on which nodes watch each other and vote).
	Traffic string `yaml:"traffic" json:"traffic" jsonschema:"enum=all,enum=client,enum=bus"`
	// drop: packets disappear, as in a broken network. reject: the sender gets an
	// error, as from a firewall.
	Action string `yaml:"action" json:"action" jsonschema:"enum=drop,enum=reject"`
}

// Name is the field.
func (*Partition) Name() string { return "partition" }

// Words are the two sides, and what does not pass between them.
func (p *Partition) Words() string {
	text := wordsBetween("partition", p.Between, p.And)
	if p.Direction == "one-way" {
		text = fmt.Sprintf("one-way partition from (%s) to (%s)", PartyList(p.Between), PartyList(p.And))
	}
	return fmt.Sprintf("%s: %s traffic, %s", text, p.Traffic, p.Action)
}

// Aim is the two sides.
func (p *Partition) Aim() Aim {
	return Aim{Between: p.Between, And: p.And, Direction: p.Direction, Traffic: p.Traffic}
}

// Traits are those of a network that is cut: who is on which side decides whether a
// primary is taken away.
func (*Partition) Traits() Traits {
	return Traits{Takes: TakesNetwork, Deposes: Maybe, Lasts: true, Disconnects: true}
}

func (p *Partition) fill(f *filler, path string) {
	fillSides(f, path, &p.And, &p.Direction, &p.Traffic)
	fill(f, path+".action", &p.Action, "drop", "in a broken network packets disappear")
}

func (*Partition) validate(*document, ground, string) {}
