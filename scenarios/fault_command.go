package scenarios

import (
	"slices"
	"strings"
)

// SentCommand sends a command to nodes, such as one that blocks them, empties them or changes
// their configuration.
type SentCommand struct {
	// The nodes that carry the command out.
	Target Target `yaml:"target" json:"target" jsonschema:"required"`
	// The command and its arguments, such as [DEBUG, SLEEP, 5], [FLUSHALL] or
	// [CONFIG, SET, maxmemory, 1mb].
	Run []AnyValue `yaml:"run" json:"run" jsonschema:"required,minItems=1,maxItems=64" hint:"minItems=write run: [DEBUG, SLEEP, 5]"`
	// The command that undoes run, sent when the fault's duration is over, such as
	// [CONFIG, SET, maxmemory, 0]. Without it the fault has no duration: it is over once
	// run is answered.
	Undo []AnyValue `yaml:"undo,omitempty" json:"undo,omitempty" jsonschema:"maxItems=64"`
}

// Name is the field.
func (*SentCommand) Name() string { return "command" }

// Words are the command and its target.
func (c *SentCommand) Words() string { return Line(c.Run) + " to " + c.Target.String() }

// Line is a command as it is typed.
func Line(command []AnyValue) string {
	var words []string
	for _, w := range command {
		words = append(words, string(w))
	}
	return strings.Join(words, " ")
}

// Aim is the target.
func (c *SentCommand) Aim() Aim { return Aim{Target: c.Target} }

// Traits are those of a command of any kind, by which a primary that it blocks can be taken
// for dead; or, for CLUSTER FAILOVER, of a role that moves.
func (c *SentCommand) Traits() Traits {
	if strings.EqualFold(Line(c.Run[:min(2, len(c.Run))]), "CLUSTER FAILOVER") {
		return Traits{Takes: TakesRole, Deposes: Surely, Lasts: len(c.Undo) > 0, Asked: true}
	}
	return Traits{Takes: TakesCommand, Deposes: Maybe, Lasts: len(c.Undo) > 0, Erases: erases(c.Run) || erases(c.Undo), Empties: empties(c.Run)}
}

// empties reports whether a command removes everything: a cluster has one database.
func empties(command []AnyValue) bool {
	return len(command) > 0 && slices.Contains([]string{"FLUSHALL", "FLUSHDB"}, strings.ToUpper(string(command[0])))
}

// writes reports whether a command, in upper case, is one that a read-only replica refuses.
func writes(name string) bool {
	return empties([]AnyValue{AnyValue(name)}) || Whole(name) && !ReadsOnly(name)
}

// erases reports whether a command can remove data: not one that only reads, blocks or
// looks after the server. A maxmemory can evict keys.
func erases(command []AnyValue) bool {
	if len(command) == 0 {
		return false
	}
	switch name := strings.ToUpper(string(command[0])); name {
	case "CONFIG":
		return slices.ContainsFunc(command, func(a AnyValue) bool { return strings.HasPrefix(strings.ToLower(string(a)), "maxmemory") })
	case "DEBUG", "CLIENT", "CLUSTER", "PING", "WAIT", "INFO", "SLOWLOG", "LATENCY", "BGSAVE", "BGREWRITEAOF", "SAVE":
		return false
	default:
		return !ReadsOnly(name)
	}
}

func (*SentCommand) fill(*filler, string) {}

func (c *SentCommand) validate(d *document, g ground, path string) {
	for _, f := range []struct {
		field   string
		command []AnyValue
	}{{"run", c.Run}, {"undo", c.Undo}} {
		if len(f.command) == 0 {
			continue
		}
		at := path + "." + f.field
		switch name := strings.ToUpper(string(f.command[0])); {
		case slices.Contains([]string{"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC"}, name):
			d.reject(at, nil, "name a command with one reply, such as [DEBUG, SLEEP, 5]", "%s has no end", name)
		case slices.Contains([]string{"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"}, name):
			d.reject(at, nil, "write the commands of the transaction as a script: [EVAL, ...]", "a transaction is more than one command")
		case carriesSecret(name, f.command[1:]):
			d.reject(at, nil, "set redis.auth before the run instead", "a password would stand in the run's files")
		case f.field == "run" && g.readOnlyReplicas && c.Target.Role == Replica && writes(name):
			d.reject(path+".target", nil, "name a primary: its replicas carry each of its writes out as well", "a replica refuses %s, which writes", name)
		case slices.ContainsFunc(g.newNames, func(n string) bool { return strings.EqualFold(n, name) }):
		case !g.renames && misspelt(name) != "":
			d.reject(at+"[0]", nil, "did you mean "+misspelt(name)+"?", "no server has the command %s", clip(name))
		}
	}
}

// carriesSecret reports commands whose arguments are passwords.
func carriesSecret(name string, args []AnyValue) bool {
	secret := func(words ...string) bool {
		return slices.ContainsFunc(args, func(a AnyValue) bool {
			return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(string(a), w) })
		})
	}
	switch name {
	case "AUTH":
		return true
	case "ACL":
		// A rule with a password, or with the hash of one, begins with one of these.
		return secret("SETUSER") && slices.ContainsFunc(args, func(a AnyValue) bool { return strings.ContainsAny(string(a)[:min(1, len(a))], "><#!") })
	case "HELLO", "MIGRATE":
		return secret("AUTH", "AUTH2")
	case "CONFIG":
		return secret("requirepass", "masterauth", "primaryauth", "user", "tls-key-file-pass", "tls-client-key-file-pass") && secret("SET")
	}
	return false
}
