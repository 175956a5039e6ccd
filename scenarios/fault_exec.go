package scenarios

import "time"

// Exec runs programs of the user's own, on the machine that runs slotstorm: for what only
// the owner of a node can do to it, such as a reboot of a managed instance.
type Exec struct {
	// The nodes that the programs act on. Each program gets their names in the environment
	// variable SLOTSTORM_NODES and their addresses, in the same order, in
	// SLOTSTORM_ADDRESSES, both separated by spaces.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// The program that injects the fault, with its arguments, such as
	// [./reboot.sh, --now]. An exit code other than 0 means that it could not. Programs
	// run without a shell.
	Inject []AnyValue `yaml:"inject" json:"inject" jsonschema:"required,minItems=1,maxItems=64" hint:"minItems=write inject: [./reboot.sh]"`
	// The program that ends with exit code 0 while the fault is in force. It runs again
	// until it does. Without it, the fault is in force as soon as inject has ended.
	Prove []AnyValue `yaml:"prove,omitempty" json:"prove,omitempty" jsonschema:"maxItems=64"`
	// The program that undoes the fault, run when its duration is over. Without it the
	// fault has no duration: it heals by itself.
	Heal []AnyValue `yaml:"heal,omitempty" json:"heal,omitempty" jsonschema:"maxItems=64"`
	// How long each program may run, 1s to 10m. It is ended after that.
	Timeout Duration `yaml:"timeout" json:"timeout" jsonschema:"minimum=1s,maximum=10m"`
}

// Name is the field.
func (*Exec) Name() string { return "exec" }

// Words are the program and its target.
func (e *Exec) Words() string { return Line(e.Inject) + " for " + e.Target.String() }

// Aim is the target.
func (e *Exec) Aim() Aim { return Aim{Target: e.Target} }

// Traits are those of something of which nothing is known: it can take a primary away.
func (e *Exec) Traits() Traits {
	return Traits{Takes: TakesUnknown, Deposes: Maybe, Lasts: len(e.Heal) > 0, Executes: true}
}

func (e *Exec) fill(f *filler, path string) {
	fill(f, path+".timeout", &e.Timeout, Duration(time.Minute), "most calls of a cloud end within it")
}

func (*Exec) validate(*document, ground, string) {}
