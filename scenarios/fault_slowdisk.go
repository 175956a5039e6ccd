package scenarios

import (
	"fmt"
	"strings"
)

// SlowDisk adds time to requests to a node's volume.
type SlowDisk struct {
	// The nodes whose disk is slowed.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// The time that is added to each fsync.
	Fsync Duration `yaml:"fsync,omitempty" json:"fsync,omitempty" jsonschema:"minimum=1ms,maximum=1m"`
	// The time that is added to each write.
	Write Duration `yaml:"write,omitempty" json:"write,omitempty" jsonschema:"minimum=1ms,maximum=1m"`
	// The time that is added to each read.
	Read Duration `yaml:"read,omitempty" json:"read,omitempty" jsonschema:"minimum=1ms,maximum=1m"`
}

// Name is the field.
func (*SlowDisk) Name() string { return "slowDisk" }

// Words are the delays and the target.
func (s *SlowDisk) Words() string {
	var list []string
	for _, d := range []struct {
		name string
		by   Duration
	}{{"fsync", s.Fsync}, {"write", s.Write}, {"read", s.Read}} {
		if d.by > 0 {
			list = append(list, fmt.Sprintf("%s %s slower", d.name, d.by))
		}
	}
	return strings.Join(list, ", ") + " on " + s.Target.String()
}

// Aim is the target.
func (s *SlowDisk) Aim() Aim { return Aim{Target: s.Target} }

// Traits are those of a disk that is slow.
func (*SlowDisk) Traits() Traits {
	return Traits{Takes: TakesDisk, Deposes: Maybe, Lasts: true, Disk: true}
}

func (*SlowDisk) fill(*filler, string) {}

func (s *SlowDisk) validate(d *document, _ ground, path string) {
	if s.Fsync == 0 && s.Write == 0 && s.Read == 0 {
		d.reject(path, nil, "add fsync: 300ms, write or read", "slows nothing")
	}
}
