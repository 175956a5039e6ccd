package scenarios

// Pause stops a node's process (SIGSTOP) and later lets it continue (SIGCONT). Its
// connections stay open, and it does not answer.
type Pause struct {
	// The nodes to stop.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Name is the field.
func (*Pause) Name() string { return "pause" }

// Words are the signal and its target.
func (p *Pause) Words() string { return "SIGSTOP to " + p.Target.String() }

// Aim is the target.
func (p *Pause) Aim() Aim { return Aim{Target: p.Target} }

// Traits are those of a process that gets no time at all.
func (*Pause) Traits() Traits {
	return Traits{Takes: TakesTime, Deposes: Surely, Lasts: true, Signal: "SIGSTOP"}
}

func (*Pause) fill(*filler, string)               {}
func (*Pause) validate(*document, ground, string) {}
