package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// AnyShard is the shard of a target that the scenario does not name.
const AnyShard = -1

// Role is what a node is in its shard at the moment of injection.
type Role string

// The two roles of a Redis Cluster node, and neither in particular.
const (
	Primary Role = "primary"
	Replica Role = "replica"
	AnyRole Role = ""
)

// Count is how many of the nodes that fit a target are meant.
type Count string

// The counts. Minority and majority are of all primaries: the most that leave a
// majority, and the fewest that are one.
const (
	One      Count = ""
	Every    Count = "all"
	Minority Count = "minority"
	Majority Count = "majority"
)

// By is how a target's shard is found.
type By string

// The ways to find a shard.
const (
	ByShard   By = ""        // by its number, or any: AnyShard
	BySlot    By = "slot"    // the one that serves Slot
	ByKey     By = "key"     // the one that serves Key
	ByHottest By = "hottest" // the one that serves the slot with most requests
	ByNode    By = "node"    // of a node, by its name
)

// Target names nodes in Redis terms: "primary of shard 0", "replica of the
// hottest slot", "minority of primaries". Roles are looked up at the moment of
// injection.
type Target struct {
	Role  Role
	Count Count
	By    By
	// Shard, Slot, Key and Node go with By; Shard is AnyShard where By is not
	// ByShard.
	Shard, Slot int
	Key, Node   string
}

// place is the part of a target behind "of".
func (t Target) place() string {
	switch t.By {
	case BySlot:
		return "slot " + strconv.Itoa(t.Slot)
	case ByKey:
		return "key " + t.Key
	case ByHottest:
		return "the hottest slot"
	}
	return "shard " + strconv.Itoa(t.Shard)
}

// single reports whether the target is one node.
func (t Target) single() bool { return t.Count == One && (t.Role != AnyRole || t.By == ByNode) }

// String is the target as a scenario writes it.
func (t Target) String() string {
	switch {
	case t.By == ByNode:
		return t.Node
	case t.Count == Minority || t.Count == Majority:
		return string(t.Count) + " of primaries"
	case t.By == ByShard && t.Shard == AnyShard && t.Count == Every:
		return map[Role]string{Primary: "all primaries", Replica: "all replicas", AnyRole: "all nodes"}[t.Role]
	case t.By == ByShard && t.Shard == AnyShard:
		return "random " + string(t.Role)
	case t.Role == AnyRole && t.By == ByShard:
		return t.place()
	case t.Role == AnyRole:
		return "shard of " + t.place()
	case t.Count == Every:
		return "replicas of " + t.place()
	}
	return string(t.Role) + " of " + t.place()
}

// MarshalText writes String.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// targetPattern is every target; the schema shows it too.
const targetPattern = `(primary|replica|replicas) of (shard [0-9]+|slot [0-9]+|the hottest slot|key .+)|shard [0-9]+|shard of (slot [0-9]+|the hottest slot|key .+)|random (primary|replica)|(minority|majority) of primaries|all (primaries|replicas|nodes)|node-[0-9]+`

var targetForm = regexp.MustCompile(`^(` + targetPattern + `)$`)

const targetHint = "write 'primary of shard 0', 'replica of the hottest slot', 'primary of key user:1', 'shard 1', 'random primary', 'minority of primaries', 'all replicas' or 'node-3'"

// TargetForm is a way to name nodes.
type TargetForm struct{ Form, Means, Example string }

// TargetForms are all forms of a target. N stands for a number, KEY for the name of a key,
// and a|b for one of both.
func TargetForms() []TargetForm {
	return []TargetForm{
		{"primary|replica of shard N", "The primary of a shard, or one of its replicas. Shards are counted from 0.", "primary of shard 0"},
		{"replicas of shard N", "All replicas of a shard.", "replicas of shard 1"},
		{"primary|replica|replicas of slot N", "The same of the shard that serves a slot, 0 to 16383.", "primary of slot 42"},
		{"primary|replica|replicas of the hottest slot", "The same of the shard that serves the slot to which the load sends most requests.", "primary of the hottest slot"},
		{"primary|replica|replicas of key KEY", "The same of the shard that serves a key.", "primary of key user:1"},
		{"shard N", "All nodes of a shard; likewise 'shard of slot N', 'shard of the hottest slot' and 'shard of key KEY'.", "shard 1"},
		{"random primary|replica", "One of all primaries or of all replicas. The seed decides which.", "random primary"},
		{"minority|majority of primaries", "As many primaries as leave a majority of them, or as few as are a majority.", "minority of primaries"},
		{"all primaries|replicas|nodes", "All of them.", "all replicas"},
		{"node-N", "A node by its name, whatever its role is then.", "node-3"},
	}
}

// TargetFormOf is the form that a target has; empty if the text is no target.
func TargetFormOf(text string) string {
	var t Target
	if t.UnmarshalText([]byte(text)) != nil {
		return ""
	}
	best := ""
	for _, f := range TargetForms() {
		pattern := strings.NewReplacer("KEY", ".+", "N", "[0-9]+").Replace(f.Form)
		var words []string
		for _, w := range strings.Fields(pattern) {
			words = append(words, "("+w+")")
		}
		if regexp.MustCompile("^" + strings.Join(words, " ") + "$").MatchString(text) {
			return f.Form
		}
		if strings.HasPrefix(text, "shard of ") && strings.HasPrefix(f.Form, "shard ") {
			best = f.Form
		}
	}
	return best
}

// UnmarshalText reads what String writes.
func (t *Target) UnmarshalText(b []byte) error {
	text := strings.TrimSpace(string(b))
	wrong := &valueError{"a target", string(b), targetHint}
	if !targetForm.MatchString(text) {
		return wrong
	}
	*t = Target{By: ByShard, Shard: AnyShard}
	switch text {
	case "random primary":
		t.Role = Primary
		return nil
	case "random replica":
		t.Role = Replica
		return nil
	case "minority of primaries", "majority of primaries":
		t.Role = Primary
		t.Count = Count(strings.Fields(text)[0])
		return nil
	case "all primaries", "all replicas", "all nodes":
		t.Count, t.Role = Every, map[string]Role{"all primaries": Primary, "all replicas": Replica}[text]
		return nil
	}
	if strings.HasPrefix(text, "node-") {
		t.By, t.Node = ByNode, text
		return nil
	}
	who, place, of := strings.Cut(text, " of ")
	if !of {
		who, place = "shard", text
	}
	switch who {
	case "primary":
		t.Role = Primary
	case "replica":
		t.Role = Replica
	case "replicas":
		t.Role, t.Count = Replica, Every
	case "shard":
		t.Count = Every
	}
	kind, rest, _ := strings.Cut(place, " ")
	n, err := strconv.Atoi(rest)
	switch {
	case kind == "the":
		t.By = ByHottest
	case kind == "key":
		t.By, t.Key = ByKey, rest
	case err != nil || n < 0:
		return wrong
	case kind == "slot":
		t.By, t.Slot = BySlot, n
	default:
		t.Shard = n
	}
	return nil
}

// numberOf is 3 for node-3.
func numberOf(node string) int {
	n := 0
	if _, err := fmt.Sscanf(node, "node-%d", &n); err != nil {
		return 1 << 30 // too many digits to be one
	}
	return n
}

// hitsPrimary reports whether a primary can be among the nodes that are meant.
func (t Target) hitsPrimary() bool { return t.Role != Replica }

// Party is a part of one side of a partition: nodes, as a Target, or clients.
type Party struct {
	// Clients is one of Generators, Probes, AllClients, Rest and OneGenerator; it
	// is empty for nodes.
	Clients string
	// Generator goes with OneGenerator.
	Generator int
	Target    Target
}

// The values of Party.Clients. A generator has its share of the audited writes
// with it. Rest is every node and every client that the other side does not name.
const (
	OneGenerator = "generator"
	Generators   = "generators"
	Probes       = "probes"
	AllClients   = "clients"
	Rest         = "rest"
)

// String is the party as a scenario writes it.
func (p Party) String() string {
	switch p.Clients {
	case "":
		return p.Target.String()
	case OneGenerator:
		return fmt.Sprintf("%s %d", OneGenerator, p.Generator)
	}
	return p.Clients
}

// MarshalText writes String.
func (p Party) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// clientPattern is every party that is no target.
const clientPattern = `generator [0-9]+|generators|probes|clients|rest`

// UnmarshalText reads what String writes.
func (p *Party) UnmarshalText(b []byte) error {
	*p = Party{}
	switch text := strings.TrimSpace(string(b)); text {
	case Generators, Probes, AllClients, Rest:
		p.Clients = text
		return nil
	default:
		if number, ok := strings.CutPrefix(text, OneGenerator+" "); ok {
			n, err := strconv.Atoi(number)
			if err == nil && n >= 0 {
				p.Clients, p.Generator = OneGenerator, n
				return nil
			}
		}
	}
	if p.Target.UnmarshalText(b) != nil {
		return &valueError{"a part of a network", string(b), "write 'generator 0', 'generators', 'probes', 'clients' or 'rest', or nodes: " + strings.TrimPrefix(targetHint, "write ")}
	}
	return nil
}

// PartyList is parties as a scenario would list them.
func PartyList(list []Party) string {
	var names []string
	for _, p := range list {
		names = append(names, p.String())
	}
	return strings.Join(names, ", ")
}
