package scenarios

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

func (d *document) validateAttach(s *Scenario) {
	const at = "cluster.attach"
	a, by := s.Cluster.Attach, []string{"cluster.provider"}
	if !s.attached() {
		if len(a.Seeds) > 0 {
			d.reject(at+".seeds", by, "write provider: attach, or leave the seeds out", "names a cluster that provider %s does not use", s.Cluster.Provider)
		}
		return
	}
	if len(a.Seeds) == 0 {
		d.reject("cluster.provider", []string{at}, "add attach: {seeds: [\"10.0.0.1:6379\"]} beside provider", "no cluster to attach to is named")
	}
	for i, seed := range a.Seeds {
		host, port, err := net.SplitHostPort(seed)
		if n, perr := strconv.Atoi(port); err != nil || host == "" || perr != nil || n < 1 || n > 65535 {
			d.reject(fmt.Sprintf("%s.seeds[%d]", at, i), nil, "write HOST:PORT, such as 10.0.0.1:6379", "%q is no address", clip(seed))
		}
	}
	if (a.CertFile == "") != (a.KeyFile == "") {
		d.reject(at, nil, "name both certFile and keyFile, or neither", "a certificate needs its key")
	}
	if auth := s.Redis.Auth; auth != nil && auth.Enabled && auth.PasswordEnv == "" {
		d.reject("redis.auth", by, "add passwordEnv, the environment variable with the password", "the password of an existing cluster cannot be made up")
	}
	if s.Timeline.Upgrade != nil {
		d.reject("timeline.upgrade", by, "leave it out: only the owner can replace the servers", "slotstorm does not change what it did not deploy")
	}
	for i, f := range s.Timeline.Faults {
		path := faultPath(i)
		switch t := f.Traits(); {
		case f.Action() == nil:
		case !slices.Contains([]Resource{TakesRole, TakesCommand, TakesUnknown}, t.Takes):
			d.reject(join(path, f.Kind()), by, "use failover, command or exec, or run the scenario on a cluster that slotstorm deploys", "%s acts on the machine of a node, and slotstorm did not start this one", f.Kind())
		case f.Command != nil:
			d.validateHarmless(f.Command, join(path, f.Kind()), by)
		}
	}
	d.validateOwnKeys(s)
}

// passing are the administrative commands that change nothing for good, each with the
// subcommands that do not; none means all.
var passing = map[string][]string{
	"CLIENT": {"PAUSE", "UNPAUSE", "KILL", "LIST"}, "CLUSTER": {"FAILOVER", "INFO", "NODES", "SHARDS", "SLOTS"}, "CONFIG": {"GET", "SET", "RESETSTAT"},
	"DEBUG": {"SLEEP"}, "PING": nil, "WAIT": nil, "INFO": nil, "SLOWLOG": nil, "LATENCY": nil, "BGSAVE": nil, "BGREWRITEAOF": nil, "SAVE": nil,
}

// validateHarmless refuses a command that can remove data, or that leaves the cluster other
// than it was.
func (d *document) validateHarmless(c *SentCommand, path string, by []string) {
	for _, command := range [][]AnyValue{c.Run, c.Undo} {
		if len(command) == 0 {
			continue
		}
		name, sub := strings.ToUpper(string(command[0])), ""
		if len(command) > 1 {
			sub = strings.ToUpper(string(command[1]))
		}
		subs, known := passing[name]
		switch {
		case !known && !ReadsOnly(name), erases(command), known && subs != nil && !slices.Contains(subs, sub):
			d.reject(path, by, "use a command that leaves data and topology as they are, such as [DEBUG, SLEEP, 5] or [CLIENT, PAUSE, 5000]", "%s can change for good what is not the run's", Line(command))
		case name == "CONFIG" && sub == "SET" && len(c.Undo) == 0:
			d.reject(path, by, "add undo, the command that gives the old value back", "%s changes the configuration for good", Line(command))
		}
	}
}

// validateOwnKeys wants every key of the load below OwnPrefix.
func (d *document) validateOwnKeys(s *Scenario) {
	w, by := &s.Workload, []string{"cluster.provider"}
	for i, k := range w.KeySpaces() {
		path := "workload.keys.prefix"
		if len(w.Spaces) > 0 {
			path = fmt.Sprintf("workload.spaces[%d].keys.prefix", i)
		}
		if !strings.HasPrefix(k.Keys.Prefix, OwnPrefix) {
			d.reject(path, by, "write prefix: "+OwnPrefix+clip(k.Keys.Prefix), "keys in a cluster that slotstorm did not deploy begin with %s, so that they can be distinguished from yours and removed", OwnPrefix)
		}
	}
	for i, c := range w.Mix {
		if at := fmt.Sprintf("workload.mix[%d].script", i); d.values[at] != nil {
			d.reject(at, by, "use commands, or the profile rate-limiter, whose script is known", "a script can act on keys that are not the run's")
		}
		templates, name := c.Commands, "commands"
		if c.Raw != "" {
			templates, name = []string{c.Raw}, "raw"
		}
		for _, t := range templates {
			args, err := ParseTemplate(t)
			if err != nil || ReadsOnly(commandOf(args)) {
				continue
			}
			drawn, keys := map[int]bool{}, KeyArgs(args)
			for _, at := range drawnKeys(args) {
				drawn[at] = true
			}
			foreign := len(keys) == 0
			for _, at := range keys {
				foreign = foreign || !drawn[at]
			}
			if foreign {
				d.reject(fmt.Sprintf("workload.mix[%d].%s", i, name), by, "write {key} for each key", "%q can act on keys that are not the run's", clip(t))
			}
		}
	}
}
