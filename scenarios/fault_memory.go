package scenarios

import "fmt"

// MemoryStress takes memory from the place where a node runs.
type MemoryStress struct {
	// The nodes to take memory from. On this machine it affects all nodes.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Bytes, as a Kubernetes quantity such as 256Mi.
	Size string `yaml:"size" json:"size" jsonschema:"required,format=bytes"`
}

// Name is the field.
func (*MemoryStress) Name() string { return "memory" }

// Words are the size and the target.
func (m *MemoryStress) Words() string {
	return fmt.Sprintf("%s of memory taken beside %s", m.Size, m.Target)
}

// Aim is the target.
func (m *MemoryStress) Aim() Aim { return Aim{Target: m.Target} }

// Traits are those of a place with less memory.
func (*MemoryStress) Traits() Traits { return Traits{Takes: TakesMemory, Lasts: true} }

func (*MemoryStress) fill(*filler, string)               {}
func (*MemoryStress) validate(*document, ground, string) {}
