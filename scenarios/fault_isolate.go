package scenarios

import "fmt"

// Isolate cuts a node off from all other nodes and all clients.
type Isolate struct {
	// The nodes to isolate. Several are isolated from each other too.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// drop: packets disappear, as in a broken network. reject: the sender gets an
	// error, as from a firewall.
	Action string `yaml:"action" json:"action" jsonschema:"enum=drop,enum=reject"`
}

// Name is the field.
func (*Isolate) Name() string { return "isolate" }

// Words are the target, and what becomes of its packets.
func (i *Isolate) Words() string {
	return fmt.Sprintf("partition between %s and everybody (%s)", i.Target, i.Action)
}

// Aim is the target.
func (i *Isolate) Aim() Aim { return Aim{Target: i.Target} }

// Traits are those of a network that is cut around a node.
func (*Isolate) Traits() Traits {
	return Traits{Takes: TakesNetwork, Deposes: Surely, Lasts: true, Disconnects: true}
}

func (i *Isolate) fill(f *filler, path string) {
	fill(f, path+".action", &i.Action, "drop", "in a broken network packets disappear")
}

func (*Isolate) validate(*document, ground, string) {}
