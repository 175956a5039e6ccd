package scenarios

import "fmt"

// SlowDisk makes fsync on a node's volume slow.
type SlowDisk struct {
	// Target is whose disk is slow.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// Latency is how long each fsync takes longer.
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
