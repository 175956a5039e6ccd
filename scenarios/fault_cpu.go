package scenarios

import "fmt"

// CPUStress takes processor time from a node.
type CPUStress struct {
	// The nodes to slow down.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// The number of busy processes, 1 to 64, that share the core of the node. The
	// node gets one part of workers+1.
	Workers int `yaml:"workers" json:"workers" jsonschema:"minimum=1,maximum=64"`
}

// Name is the field.
func (*CPUStress) Name() string { return "cpu" }

// Words are the processes and their target.
func (c *CPUStress) Words() string {
	return fmt.Sprintf("%d busy processes beside %s", c.Workers, c.Target)
}

// Aim is the target.
func (c *CPUStress) Aim() Aim { return Aim{Target: c.Target} }

// Traits are those of a process that is slow.
func (*CPUStress) Traits() Traits { return Traits{Takes: TakesTime, Deposes: Maybe, Lasts: true} }

func (c *CPUStress) fill(f *filler, path string) {
	fill(f, path+".workers", &c.Workers, 3, "a quarter of a core is left to the node")
}

func (*CPUStress) validate(*document, ground, string) {}
