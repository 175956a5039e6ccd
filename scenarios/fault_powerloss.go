package scenarios

import "fmt"

// PowerLoss ends a node by SIGKILL and takes what its volume had not synced, as the loss
// of a machine does.
type PowerLoss struct {
	// The nodes that lose power.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// How long the node stays down, 0s to 1h, or forever: until the end of the
	// timeline.
	Away *Away `yaml:"away" json:"away" jsonschema:"required,minimum=0s,maximum=1h"`
	// Leaves a part of the first write that was not synced, of the file that was written
	// to last: the append-only file ends within a command.
	Torn bool `yaml:"torn,omitempty" json:"torn,omitempty"`
}

// Name is the field.
func (*PowerLoss) Name() string { return "powerLoss" }

// Words are the target and the time.
func (p *PowerLoss) Words() string {
	text := "power failure of " + p.Target.String()
	if p.Torn {
		text += " in the middle of a write"
	}
	switch {
	case p.Away == nil: // the scenario is refused for it
	case p.Away.Forever:
		text += ", down until the end"
	default:
		text += fmt.Sprintf(", down for %s", p.Away.For)
	}
	return text
}

// Aim is the target.
func (p *PowerLoss) Aim() Aim { return Aim{Target: p.Target} }

// Traits are those of a process that ends, with a part of its data.
func (p *PowerLoss) Traits() Traits {
	return Traits{Takes: TakesProcess, Deposes: Surely, Signal: "SIGKILL", Restarts: true, Away: p.Away, Disk: true, Unsyncs: true}
}

func (*PowerLoss) fill(*filler, string)               {}
func (*PowerLoss) validate(*document, ground, string) {}
