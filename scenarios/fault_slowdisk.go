package scenarios

import "fmt"

// SlowDisk slows fsync on a node's volume.
type SlowDisk struct {
	// The nodes whose disk is slowed.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// The time that is added to each fsync.
	Latency Duration `yaml:"latency" json:"latency" jsonschema:"required,minimum=1ms,maximum=1m"`
}

// Name is the field.
func (*SlowDisk) Name() string { return "slowDisk" }

// Words are the delay and the target.
func (s *SlowDisk) Words() string { return fmt.Sprintf("fsync %s slower for %s", s.Latency, s.Target) }

// Aim is the target.
func (s *SlowDisk) Aim() Aim { return Aim{Target: s.Target} }

// Traits are those of a disk that is slow.
func (*SlowDisk) Traits() Traits { return Traits{Takes: TakesDisk, Deposes: Maybe, Lasts: true} }

func (*SlowDisk) fill(*filler, string)               {}
func (*SlowDisk) validate(*document, ground, string) {}
