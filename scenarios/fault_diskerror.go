package scenarios

import "strings"

// DiskError has a node's volume answer with an error of input or output (EIO).
type DiskError struct {
	// The nodes whose disk fails.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// The requests that fail.
	On []DiskRequest `yaml:"on" json:"on" jsonschema:"required,minItems=1,maxItems=3"`
}

// DiskRequest is a kind of request to a volume.
type DiskRequest string

// The kinds of requests.
const (
	OnFsync DiskRequest = "fsync"
	OnWrite DiskRequest = "write"
	OnRead  DiskRequest = "read"
)

var diskRequests = []string{string(OnWrite), string(OnFsync), string(OnRead)}

// UnmarshalText reads one of the kinds.
func (r *DiskRequest) UnmarshalText(b []byte) error {
	for _, known := range diskRequests {
		if string(b) == known {
			*r = DiskRequest(b)
			return nil
		}
	}
	return &valueError{"a request to a disk", string(b), "use " + either(diskRequests)}
}

// MarshalText writes the kind.
func (r DiskRequest) MarshalText() ([]byte, error) { return []byte(r), nil }

// Name is the field.
func (*DiskError) Name() string { return "diskError" }

// Words are the requests and the target.
func (e *DiskError) Words() string {
	var list []string
	for _, r := range e.On {
		list = append(list, string(r))
	}
	return "EIO on " + strings.Join(list, ", ") + " of " + e.Target.String()
}

// Aim is the target.
func (e *DiskError) Aim() Aim { return Aim{Target: e.Target} }

// Traits are those of a disk that fails. With appendfsync always, redis-server ends
// itself then, and a replica takes over.
func (*DiskError) Traits() Traits {
	return Traits{Takes: TakesDisk, Deposes: Maybe, Lasts: true, Disk: true}
}

func (*DiskError) fill(*filler, string)               {}
func (*DiskError) validate(*document, ground, string) {}
