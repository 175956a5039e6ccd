package scenarios

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// sent are the commands that slotstorm itself sends to nodes that it has deployed, whatever
// the load is: to form, watch, configure and log in to them, to fill and probe them, for the
// audit, and to move slots. A test holds the list against the statistics of servers.
var sent = []string{
	"ASKING", "AUTH", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "GET", "HELLO", "HSET", "INCR", "INFO", "LASTSAVE",
	"LRANGE", "MIGRATE", "PING", "READONLY", "RESTORE", "ROLE", "RPUSH", "SADD", "SCRIPT", "SET", "WAIT", "WAITAOF", "XADD", "ZADD",
}

// exchanged are the commands that nodes send each other, or write into their append-only files,
// in place of others: for the synchronisation, for keys that expire, and for commands whose
// effect is written as another command. They know no other names. Source: the calls of
// alsoPropagate, rewriteClientCommandVector and propagateDeletion in Redis 8, aof.c and
// replication.c.
var exchanged = []string{
	"DEL", "DISCARD", "EXEC", "FUNCTION", "HDEL", "HMSET", "HPERSIST", "HPEXPIREAT", "LMOVE", "LPOP", "LTRIM", "MULTI", "PERSIST", "PEXPIREAT",
	"PSYNC", "PUBLISH", "REPLCONF", "RESTORE-ASKING", "RPOP", "RPOPLPUSH", "SELECT", "SPUBLISH", "SREM", "SYNC", "UNLINK",
	"XCLAIM", "XGROUP", "XSETID", "ZPOPMAX", "ZPOPMIN", "ZREM",
}

// FixedCommands are the commands that cannot be renamed, in upper case.
func FixedCommands() []string { return slices.Concat(sent, exchanged) }

// CommandName is the name of a command on the servers; empty if they do not have it.
func (r Redis) CommandName(command string) string {
	if name, renamed := r.RenameCommands[command]; renamed {
		return name
	}
	return command
}

// oldName is the command that a new name stands for, in upper case; empty if it is none.
func (r Redis) oldName(name string) string {
	for old, is := range r.RenameCommands {
		if is != "" && strings.EqualFold(is, name) {
			return old
		}
	}
	return ""
}

// newName is one that a command can get: of one word, in any template.
var newName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// validateRenames wants commands that neither slotstorm nor the servers need, and new names
// that no other command has.
func (d *document) validateRenames(s *Scenario) {
	const at = "redis.renameCommands"
	r := s.Redis
	if s.attached() && len(r.RenameCommands) > 0 {
		d.reject(at, []string{"cluster.provider"}, "leave it out", "slotstorm does not configure nodes that it did not deploy")
		return
	}
	known, taken := listed(commandsFile), map[string]string{}
	for _, command := range slices.Sorted(maps.Keys(r.RenameCommands)) {
		here, name := join(at, command), strings.ToUpper(r.RenameCommands[command])
		switch upper := strings.ToUpper(command); {
		case upper != command:
			d.rejectKey(here, "write "+upper, "commands are written in upper case")
		case slices.Contains(sent, command):
			d.rejectKey(here, "leave it out", "slotstorm itself sends %s to the nodes", command)
		case slices.Contains(exchanged, command):
			d.rejectKey(here, "leave it out", "the servers send %s to each other, under this name", command)
		case misspelt(command) != "":
			d.rejectKey(here, "did you mean "+misspelt(command)+"?", "no server has the command %s", clip(command))
		case !slices.Contains(known, command):
			d.rejectKey(here, "name a command of the server, such as KEYS; those of modules keep their names", "no server has the command %s", clip(command))
		case name == "":
		case !newName.MatchString(name):
			d.reject(here, nil, `write up to 64 letters, digits, '-' and '_', or "" to disable the command`, "%q is not a name for a command", clip(name))
		case slices.Contains(known, name):
			d.reject(here, nil, "choose another name", "%s is the name of another command", name)
		case taken[name] != "":
			d.reject(here, nil, "choose another name", "%s is the new name of %s, too", name, taken[name])
		default:
			taken[name] = command
		}
	}
	if provider := s.Cluster.Provider; provider != "local" && r.CommandName("FLUSHALL") == "" && r.CommandName("FLUSHDB") == "" {
		d.reject(join(at, "FLUSHALL"), []string{"cluster.provider"}, "disable one of the two, or give one another name", "slotstorm empties a kept deployment by FLUSHALL or FLUSHDB, and both are disabled")
	}
	d.validateRenamed(s)
}

// validateRenamed refuses commands of the load and of faults under names that the servers do
// not have.
func (d *document) validateRenamed(s *Scenario) {
	check := func(at, command, usage string) {
		name, renamed := s.Redis.RenameCommands[strings.ToUpper(command)]
		old := s.Redis.oldName(command)
		switch {
		case old != "" && !Whole(old):
			// Whether it carries a password, has an end, or removes data is known by its name.
			d.reject(at, []string{"redis.renameCommands"}, "do not rename "+old+", or leave it out here", "slotstorm judges %s by its name, and %s is a new one for it", old, clip(command))
		case !renamed:
		case name == "":
			d.reject(at, []string{"redis.renameCommands"}, "leave it out here, or in redis.renameCommands", "the servers have no %s: redis.renameCommands disables it", clip(command))
		default:
			d.reject(at, []string{"redis.renameCommands"}, "write "+usage+name, "the servers have %s as %s: redis.renameCommands renames it", clip(command), name)
		}
	}
	const raw = "command: RAW with raw: "
	template := func(at, text string) {
		if args, err := ParseTemplate(text); err == nil {
			check(at, commandOf(args), "")
		}
	}
	for i, c := range s.Workload.Mix {
		path := fmt.Sprintf("workload.mix[%d]", i)
		if c.Command == "EXPIRE" {
			check(path+".command", "PEXPIRE", raw) // a scenario states a TTL to the millisecond
		} else {
			check(path+".command", c.Command, raw)
		}
		if c.Raw != "" {
			template(path+".raw", c.Raw)
		}
		for j, t := range c.Commands {
			template(fmt.Sprintf("%s.commands[%d]", path, j), t)
		}
	}
	for i, f := range s.Timeline.Faults {
		if name, renamed := s.Redis.RenameCommands["EVAL"]; renamed && f.OOMKill != nil {
			d.reject(faultPath(i)+".oomKill", []string{"redis.renameCommands"}, "do not rename EVAL", "the fault sends EVAL, which the servers have as %q", name)
		}
		if c := f.Command; c != nil {
			for field, command := range map[string][]AnyValue{"run": c.Run, "undo": c.Undo} {
				if len(command) > 0 {
					check(fmt.Sprintf("%s.command.%s[0]", faultPath(i), field), string(command[0]), "")
				}
			}
		}
	}
}
