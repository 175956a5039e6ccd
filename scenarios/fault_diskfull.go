package scenarios

// DiskFull fills a node's volume. On this machine it needs redis.storage.size, which
// makes each volume a small file system of its own.
type DiskFull struct {
	// The nodes whose volume is filled.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
}

// Name is the field.
func (*DiskFull) Name() string { return "diskFull" }

// Words are the target.
func (f *DiskFull) Words() string { return "full volume of " + f.Target.String() }

// Aim is the target.
func (f *DiskFull) Aim() Aim { return Aim{Target: f.Target} }

// Traits are those of a disk that takes nothing more.
func (*DiskFull) Traits() Traits {
	return Traits{Takes: TakesDisk, Deposes: Maybe, Lasts: true, Volume: true}
}

func (*DiskFull) fill(*filler, string) {}

func (*DiskFull) validate(d *document, at ground, path string) {
	if at.local() && !at.bounded {
		d.reject(path, []string{"redis.storage", "cluster.provider"}, "add redis.storage: {size: 64Mi}", "a local volume is a folder unless redis.storage bounds it: it cannot be filled")
	}
}
