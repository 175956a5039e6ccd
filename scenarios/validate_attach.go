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
		const hint, why = "write provider: attach, or leave it out", "names a cluster that provider %s does not use"
		if len(a.Seeds) > 0 {
			d.reject(at+".seeds", by, hint, why, s.Cluster.Provider)
		}
		if a.Pods() {
			d.reject(at+".namespace", by, hint, why, s.Cluster.Provider)
		}
		return
	}
	d.validateNodes(a, at)
	d.validateCredentials(s, at)
	if s.Timeline.Upgrade != nil {
		d.reject("timeline.upgrade", by, "leave it out: only the owner can replace the servers", "slotstorm does not change what it did not deploy")
	}
	for i, f := range s.Timeline.Faults {
		path := faultPath(i)
		switch t := f.Traits(); {
		case f.Action() == nil:
		case a.Pods() && f.Kill != nil:
			d.validateTheirKill(f.Kill, join(path, f.Kind()))
		case f.Restart != nil:
			d.reject(join(path, f.Kind()), by, "use kill with one target after the other, or have a program of yours restart them in an exec fault", "a rolling restart writes an annotation into the StatefulSet, and slotstorm does not change what it did not deploy")
		case t.Takes == TakesSlots:
			d.reject(join(path, f.Kind()), by, "have a program of yours move them in an exec fault, and move them back by its heal", "the slots would stay where they were moved, and slotstorm does not change what it did not deploy")
		case !slices.Contains([]Resource{TakesRole, TakesCommand, TakesUnknown}, t.Takes):
			d.reject(join(path, f.Kind()), by, "use "+usable(a)+", or run the scenario on a cluster that slotstorm deploys", "%s acts on the machine of a node, and slotstorm did not start this one", f.Kind())
		case f.Command != nil:
			d.validateHarmless(f.Command, join(path, f.Kind()), by)
		}
	}
	d.validateOwnKeys(s)
}

// Beyond lists what of a scenario needs more of a cluster than it has, for one that slotstorm
// did not deploy: how many shards and replicas that has, and whether it keeps an append-only
// file, is known only once it is found. So validation does not hold the rest against them.
func (s *Scenario) Beyond() []string {
	var list []string
	waits := []*Wait{}
	if s.Workload.Audit != nil {
		waits = append(waits, s.Workload.Audit.Wait)
	}
	for _, c := range s.Workload.Mix {
		waits = append(waits, c.Wait)
	}
	for _, w := range waits {
		if w != nil && w.Replicas > s.Redis.ReplicasPerShard {
			list = append(list, fmt.Sprintf("writes wait for %d replicas, and a shard there has %d", w.Replicas, s.Redis.ReplicasPerShard))
		}
	}
	for _, o := range s.Objectives {
		if o.Shard != nil && *o.Shard >= s.Redis.Shards {
			list = append(list, fmt.Sprintf("an objective bounds %s of shard %d, and the shards there are 0 to %d", o.Metric, *o.Shard, s.Redis.Shards-1))
		}
	}
	return list
}

// validateNodes wants one way to find the nodes, whole and alone.
func (d *document) validateNodes(a AttachedCluster, at string) {
	switch {
	case len(a.Seeds) == 0 && !a.Pods():
		d.reject("cluster.provider", []string{at}, "add attach: {seeds: [\"10.0.0.1:6379\"]} or attach: {namespace: shop, selector: \"app=redis\"} beside provider", "no cluster to attach to is named")
	case len(a.Seeds) > 0 && a.Pods():
		d.reject(at, nil, "write seeds, or namespace and selector", "names the nodes in two ways")
	case a.Pods() && a.Selector == "":
		d.reject(at+".namespace", []string{at + ".selector"}, "add selector, the labels of the pods that are the nodes, such as \"app=redis\"; 'slotstorm discover' lists candidates", "a namespace alone does not say which pods are the nodes")
	}
	for i, seed := range a.Seeds {
		host, port, err := net.SplitHostPort(seed)
		if n, perr := strconv.Atoi(port); err != nil || host == "" || perr != nil || n < 1 || n > 65535 {
			d.reject(fmt.Sprintf("%s.seeds[%d]", at, i), nil, "write HOST:PORT, such as 10.0.0.1:6379", "%q is no address", clip(seed))
		}
	}
	if a.Pods() {
		return
	}
	for _, f := range []struct {
		field  string
		stated bool
	}{{"selector", a.Selector != ""}, {"container", a.Container != ""}, {"port", a.Port != 0}, {"reach", a.Reach != ""}} {
		if f.stated {
			d.reject(at+"."+f.field, []string{at}, "add namespace, or leave "+f.field+" out", "describes pods, and no namespace is named")
		}
	}
	for _, e := range a.Secrets() {
		d.reject(at+"."+e.Field, []string{at}, "add namespace, or use redis.auth.passwordEnv and the files", "a Secret is in a namespace, and none is named")
	}
}

// validateCredentials wants each of them from one place.
func (d *document) validateCredentials(s *Scenario, at string) {
	a, auth := s.Cluster.Attach, s.Redis.Auth
	if (a.CertFile == "") != (a.KeyFile == "") {
		d.reject(at, nil, "name both certFile and keyFile, or neither", "a certificate needs its key")
	}
	if (a.CertFrom == nil) != (a.KeyFrom == nil) {
		d.reject(at, nil, "name both certFrom and keyFrom, or neither", "a certificate needs its key")
	}
	for _, f := range []struct {
		file, from string
		both       bool
	}{{"caFile", "caFrom", a.CAFile != "" && a.CAFrom != nil}, {"certFile", "certFrom", a.CertFile != "" && a.CertFrom != nil}} {
		if f.both {
			d.reject(at+"."+f.from, nil, "leave out "+f.file+" or "+f.from, "is stated twice, as a file and from a Secret")
		}
	}
	tls := s.Redis.TLS != nil && s.Redis.TLS.Enabled
	if !tls && (a.CAFrom != nil || a.CertFrom != nil) {
		d.reject(at, []string{"redis.tls"}, "add redis: {tls: {enabled: true}}", "names certificates, and the connections are not encrypted")
	}
	if a.UsernameFrom != nil && a.PasswordFrom == nil {
		d.reject(at+".usernameFrom", nil, "add passwordFrom", "a user needs a password")
	}
	if auth == nil || !auth.Enabled {
		return
	}
	if a.UsernameFrom != nil && auth.User != "" {
		d.reject(at+".usernameFrom", []string{"redis.auth"}, "leave out redis.auth.user or usernameFrom", "the user is stated twice, by redis.auth and from a Secret")
	}
	switch {
	case a.PasswordFrom != nil && auth.PasswordEnv != "":
		d.reject(at+".passwordFrom", []string{"redis.auth"}, "leave out redis.auth.passwordEnv or passwordFrom", "the password is stated twice, by redis.auth and from a Secret")
	case a.PasswordFrom != nil:
	case auth.PasswordEnv == "":
		d.reject("redis.auth", []string{"cluster.provider"}, "add passwordEnv, the environment variable with the password", "the password of an existing cluster cannot be made up")
	}
}

// usable are the faults that work on the cluster, in words.
func usable(a AttachedCluster) string {
	if a.Pods() {
		return "kill, failover, command or exec"
	}
	return "failover, command or exec"
}

// validateTheirKill refuses what needs more than the right to delete a pod.
func (d *document) validateTheirKill(k *Kill, path string) {
	if k.Scope == "container" {
		d.reject(path+".scope", nil, "write scope: pod, or leave it out", "a signal to the server needs a container of slotstorm in the pod, and slotstorm puts none into pods that it did not deploy")
	}
}

// passing are the administrative commands that change nothing for good, each with the
// subcommands that do not; none means all.
var passing = map[string][]string{
	"CLIENT": {"PAUSE", "UNPAUSE", "KILL", "LIST"}, "CLUSTER": {"FAILOVER", "INFO", "NODES", "SHARDS", "SLOTS"}, "CONFIG": {"GET", "SET"},
	"DEBUG": {"SLEEP"}, "PING": nil, "WAIT": nil, "INFO": nil, "SLOWLOG": {"GET", "LEN"}, "LATENCY": {"LATEST", "HISTORY", "DOCTOR", "GRAPH", "HISTOGRAM"}, "BGSAVE": nil, "BGREWRITEAOF": nil, "SAVE": nil,
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
		case !known && !ReadsOnly(name), strings.HasSuffix(name, "PUBLISH"), erases(command), known && subs != nil && !slices.Contains(subs, sub):
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
			if args, err := ParseTemplate(t); err == nil {
				if message, hint := foreign(args); message != "" {
					d.reject(fmt.Sprintf("workload.mix[%d].%s", i, name), by, hint, message, clip(t))
				}
			}
		}
	}
}

// foreign says why a command of the load may act on what is not the run's, and how to write
// it; empty if it cannot. The message takes the template.
func foreign(args [][]Piece) (message, hint string) {
	name, sub := commandOf(args), wordAt(args, 1)
	ours := func(i int) bool { return i < len(args) && len(args[i]) > 0 && args[i][0].Kind == KeyPiece }
	keys := KeyArgs(args)
	switch {
	case slices.Contains([]string{"EVAL", "EVALSHA", "FCALL"}, name):
		return "%q runs a script, which can act on keys that are not the run's", "use commands, or the profile rate-limiter, whose script is known"
	case name == "PUBLISH" || name == "SPUBLISH":
		if !ours(1) {
			return "%q publishes to a channel that others may read", "begin the channel with {key}"
		}
		return "", ""
	case sub == "RESET" && (name == "SLOWLOG" || name == "LATENCY"):
		return "%q removes what others may want to read", "leave it out"
	case ReadsOnly(name):
		return "", ""
	case len(keys) > 0 && (!Whole(name) && keyed[name] == nil || name == "MIGRATE"):
		return "%q: slotstorm does not know on which keys this command acts", "use commands of Redis that act on the keys of their arguments"
	case len(keys) == 0 || slices.ContainsFunc(keys, func(i int) bool { return !ours(i) }):
		return "%q can act on keys that are not the run's", "begin each key with {key}"
	}
	return "", ""
}
