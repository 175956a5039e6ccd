package scenarios

import "fmt"

// Failover makes a replica take over by CLUSTER FAILOVER.
type Failover struct {
	// The replica that takes over, such as replica of shard 0.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// graceful: the primary hands over when the replica has all of its data. force:
	// without the agreement of the primary. takeover: without any vote.
	Mode string `yaml:"mode" json:"mode" jsonschema:"enum=graceful,enum=force,enum=takeover"`
}

// Name is the field.
func (*Failover) Name() string { return "failover" }

// Words are the command and its target.
func (o *Failover) Words() string {
	return fmt.Sprintf("CLUSTER FAILOVER (%s) to %s", o.Mode, o.Target)
}

// Aim is the target.
func (o *Failover) Aim() Aim { return Aim{Target: o.Target} }

// Traits are those of a role that moves.
func (*Failover) Traits() Traits { return Traits{Takes: TakesRole, Deposes: Surely, Asked: true} }

func (o *Failover) fill(f *filler, path string) {
	fill(f, path+".mode", &o.Mode, "graceful", "the primary hands over, and nothing is lost")
}

func (o *Failover) validate(d *document, _ ground, path string) {
	if o.Target.Role != Replica && o.Target.By != ByNode {
		d.reject(path+".target", nil, "write replica of shard 0, or random replica", "only a replica can take over")
	}
}
