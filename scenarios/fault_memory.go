package scenarios

import "fmt"

// MemoryStress takes memory from the place where a node runs.
type MemoryStress struct {
	// Target is who is to suffer. On this machine all nodes do.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Size is a Kubernetes quantity such as 256Mi.
	Size string `yaml:"size" json:"size" jsonschema:"required,format=quantity"`
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
