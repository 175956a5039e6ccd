package scenarios

import "fmt"

// Reshard moves slots with their keys from one shard to another while clients use them.
type Reshard struct {
	// The shard that gives the slots: 0 is the first.
	From int `yaml:"from" json:"from" jsonschema:"required,minimum=0,maximum=999"`
	// The shard that takes them.
	To int `yaml:"to" json:"to" jsonschema:"required,minimum=0,maximum=999"`
	// How many slots move: the last ones of the shard that gives them. At most a third of
	// them, so that both shards stay what they are.
	Slots int `yaml:"slots" json:"slots" jsonschema:"required,minimum=1,maximum=5461"`
	// migrate: key by key (CLUSTER SETSLOT and MIGRATE). atomic: all slots in one step, by
	// the server (CLUSTER MIGRATESLOTS, Valkey 9.0 and later). auto: atomic where the
	// server can.
	Method string `yaml:"method" json:"method" jsonschema:"enum=auto,enum=migrate,enum=atomic"`
}

// Name is the field.
func (*Reshard) Name() string { return "reshard" }

// Words are the slots and the two shards.
func (r *Reshard) Words() string {
	slots := fmt.Sprintf("%d slots", r.Slots)
	if r.Slots == 1 {
		slots = "1 slot"
	}
	text := fmt.Sprintf("%s of shard %d to shard %d", slots, r.From, r.To)
	if r.Method != "auto" {
		text += " (" + r.Method + ")"
	}
	return text
}

// Aim is the primary that gives the slots.
func (r *Reshard) Aim() Aim {
	return Aim{Target: Target{Count: One, Role: Primary, By: ByShard, Shard: r.From}}
}

// Traits are those of slots that move, on purpose.
func (*Reshard) Traits() Traits { return Traits{Takes: TakesSlots, Deposes: Never, Asked: true} }

func (r *Reshard) fill(f *filler, path string) {
	fillMethod(f, path, &r.Method)
}

// fillMethod sets how slots move.
func fillMethod(f *filler, path string, method *string) {
	fill(f, path+".method", method, "auto", "what the server does by itself is faster, and clients see less of it")
}

func (r *Reshard) validate(d *document, at ground, path string) {
	for _, end := range []struct {
		field string
		shard int
	}{{"from", r.From}, {"to", r.To}} {
		if at.shards > 0 && end.shard >= at.shards {
			d.reject(path+"."+end.field, []string{"redis.shards"}, fmt.Sprintf("write 0 to %d", at.shards-1), "the cluster has no shard %d", end.shard)
		}
	}
	if r.From == r.To {
		d.reject(path+".to", nil, "name another shard", "the slots are in shard %d already", r.To)
	}
	const slots, share = 16384, 3
	if most := slots / max(1, at.shards) / share; at.shards > 0 && r.Slots > most {
		d.reject(path+".slots", []string{"redis.shards"}, fmt.Sprintf("write %d or fewer", most), "that is more than a third of the slots of shard %d", r.From)
	}
}
