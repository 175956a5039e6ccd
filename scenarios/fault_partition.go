package scenarios

import "fmt"

// Partition cuts two sets off from each other. What is within a set, and what
// is in neither, stays connected. slotstorm's own eyes are in no set: it goes on
// to see every node.
type Partition struct {
	// Between is the one set.
	Between []Party `yaml:"between" json:"between" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write between: [primary of shard 0, generator 1]"`
	// And is the other; left out it is the rest: every node and every client
	// that is not in Between.
	And []Party `yaml:"and" json:"and" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave it out for all the others"`
	// Direction is "both", or "one-way": what Between sends does not arrive at
	// And, the way back is open.
	Direction string `yaml:"direction" json:"direction" jsonschema:"enum=both,enum=one-way"`
	// Traffic is "all", "client" (the port of clients, which replication uses
	// too) or "bus" (the port by which nodes watch each other and vote).
	Traffic string `yaml:"traffic" json:"traffic" jsonschema:"enum=all,enum=client,enum=bus"`
	// Action is "drop" (packets vanish, as in a broken network) or "reject" (the
	// sender is told, as by a firewall).
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
func (p *Partition) Aim() Aim { return Aim{Between: p.Between, And: p.And} }

// Traits are those of a network that is cut: who is on which side decides whether a
// primary is taken away.
func (*Partition) Traits() Traits {
	return Traits{Takes: TakesNetwork, Deposes: Maybe, Lasts: true, Disconnects: true}
}

func (p *Partition) fill(f *filler, path string) {
	fillRest(f, path, &p.And)
	fill(f, path+".direction", &p.Direction, "both", "a broken network breaks both ways")
	fill(f, path+".traffic", &p.Traffic, "all", "clients and the bus share the network")
	fill(f, path+".action", &p.Action, "drop", "a broken network tells nobody")
}

func (*Partition) validate(*document, ground, string) {}

// wordsBetween says what is done between two sides.
func wordsBetween(what string, a, b []Party) string {
	return fmt.Sprintf("%s between (%s) and (%s)", what, PartyList(a), PartyList(b))
}
