package witness

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// demand is what the scenario makes clients send.
type demand struct {
	// entries are those of the mix, by the name that frames have for them.
	entries map[string]entry
	// scripted: scripts call commands of their own. single: each request is one
	// command with a key.
	scripted, single, prefilled bool
	probeEvery                  time.Duration
	// attempts is how often the client may send one request.
	attempts int64
	// refusals is how many error replies one attempt may have: each command of a transaction
	// can be refused by itself, and then its EXEC. 0 without transactions.
	refusals int64
}

// entry is an entry of the mix.
type entry struct {
	// commands are how often a request has each command executed, by the names that
	// statistics have.
	commands map[string]int64
	// spread: the client may send more commands than these, or to several nodes.
	spread bool
}

// demanded reads the scenario of a run, as it was resolved; ok is false if it is not
// readable.
func demanded(r *results.Run) (demand, bool) {
	var sc struct {
		Redis    struct{ RenameCommands map[string]string }
		Workload struct {
			Mix []struct {
				Command, Name, Raw string
				Commands           []string
			}
			Probe   struct{ Interval string }
			Prefill json.RawMessage
		}
	}
	if json.Unmarshal(r.Scenario, &sc) != nil || len(sc.Workload.Mix) == 0 {
		return demand{}, false
	}
	d := demand{entries: map[string]entry{}, single: true, prefilled: len(sc.Workload.Prefill) > 0 && string(sc.Workload.Prefill) != "null", attempts: attempts(r.Client)}
	// Without probes there is no interval.
	d.probeEvery, _ = time.ParseDuration(sc.Workload.Probe.Interval)
	executed := func(template string) string { return oldName(first(template), sc.Redis.RenameCommands) }
	for _, m := range sc.Workload.Mix {
		e := entry{commands: map[string]int64{}}
		switch m.Command {
		case "RAW":
			e.commands[executed(m.Raw)]++
			e.spread = !strings.Contains(m.Raw, "{key")
			d.single = false
		case "MULTI":
			for _, c := range m.Commands {
				e.commands[executed(c)]++
			}
			d.refusals = max(d.refusals, int64(len(m.Commands))+1)
			d.single = false
		case "EXPIRE":
			e.commands["pexpire"]++ // a scenario states a TTL to the millisecond
		default:
			e.commands[strings.ToLower(m.Command)]++
			d.single = d.single && m.Command != "EVALSHA" && m.Command != "SPUBLISH"
		}
		for c := range e.commands {
			d.scripted = d.scripted || strings.HasPrefix(c, "eval") || strings.HasPrefix(c, "fcall")
		}
		name := m.Name
		if name == "" {
			name = m.Command
		}
		if name == "RAW" {
			name = strings.ToUpper(first(m.Raw))
		}
		if _, twice := d.entries[name]; twice {
			e.spread = true
		}
		d.entries[name] = e
	}
	return d, true
}

// oldName is the name that a command had before it was renamed: statistics keep it.
func oldName(command string, renamed map[string]string) string {
	for old, name := range renamed {
		if strings.ToLower(name) == command {
			return strings.ToLower(old)
		}
	}
	return command
}

// first is the first word of a template, as statistics name commands.
func first(template string) string {
	words := strings.Fields(template)
	if len(words) == 0 {
		return ""
	}
	return strings.ToLower(strings.Trim(words[0], `"'`))
}

// attempts is how often a client may send one request: wire sends once, go-redis again
// after an error or a redirection. Source: ClusterClient.process in go-redis.
func attempts(c results.Client) int64 {
	if c.Type == "wire" {
		return 1
	}
	for _, o := range c.Options {
		if n, err := strconv.ParseInt(o.Value, 10, 64); o.Name == "maxRedirects" && err == nil && n >= 0 {
			return n + 1
		}
	}
	return 4
}

// refused reports whether a class of errors is that of attempts that executed nothing:
// an error reply of the server, or one that was never sent.
func refused(class string) bool {
	return class == "dial" || class == "pool" || class == "overflow" || replyClass(class)
}

// replyClass reports whether a class is the first word of an error reply.
func replyClass(class string) bool {
	return class != "" && class == strings.ToUpper(class) && strings.ToLower(class) != class
}
