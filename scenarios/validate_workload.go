package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

func (d *document) validateWorkload(s *Scenario) {
	const at = "workload"
	w := &s.Workload
	rate := []string{at + ".rate"}
	if w.Rate.Max {
		if w.Arrival != "" {
			d.reject(at+".arrival", rate, "leave arrival out, or give rate a number", "a closed loop (rate: max) has no arrivals")
		}
		if w.Pattern != nil {
			d.reject(at+".pattern", rate, "leave pattern out, or give rate a number", "a closed loop (rate: max) has no pattern")
		}
		if !w.bySockets() && w.MaxInFlight < w.Generators {
			d.reject(at+".maxInFlight", append(rate, at+".generators"), "in a closed loop maxInFlight is the number of clients",
				"%d clients are too few for %d generators", w.MaxInFlight, w.Generators)
		}
	}
	if w.Pattern != nil {
		d.validatePattern(w.Pattern)
	}
	d.validatePipeline(w)
	if len(w.Spaces) > 0 && d.values[at+".keys"] != nil {
		d.reject(at+".keys", []string{at + ".spaces"}, "write either keys or spaces, not both", "cannot be combined with spaces")
	}
	prefixes := map[string]int{}
	for i, k := range w.KeySpaces() {
		path := at + ".keys"
		if len(w.Spaces) > 0 {
			path = fmt.Sprintf("%s.spaces[%d].keys", at, i)
			if first, ok := prefixes[k.Keys.Prefix]; ok {
				d.reject(path+".prefix", nil, "give each space a prefix of its own", "is that of spaces[%d] too", first)
			} else {
				prefixes[k.Keys.Prefix] = i
			}
		}
		d.validateKeys(&k.Keys, path, w.Mix)
	}
	d.validateValues(&w.Values)
	d.validatePrefill(s)
	d.validateMix(s)
	d.validateClient(w)
	d.validateAudit(s)
	d.validateSize(s)
}

// validatePrefill wants one source of keys, and no more of them than can be counted.
func (d *document) validatePrefill(s *Scenario) {
	const at = "workload.prefill"
	p := s.Workload.Prefill
	if p == nil {
		return
	}
	d.one(at, false, "keys", "from")
	if p.From != "" && s.attached() {
		d.reject(at+".from", []string{"cluster.provider"}, "write keys", "its keys would stay in a cluster that slotstorm did not deploy")
	}
	var most float64
	for _, k := range s.Workload.KeySpaces() {
		most += float64(p.Keys.Of(k.Keys.Count)) * float64(max(k.Keys.Elements, 1)) * float64(len(KeyTypes))
	}
	if most > 1e18 {
		d.reject(at+".keys", []string{"workload.keys", "workload.spaces"}, "write fewer keys, or fewer elements for each", "more elements than slotstorm can count")
	}
}

func (d *document) validatePattern(p *Pattern) {
	const at = "workload.pattern"
	d.one(at, false, "ramp", "steps", "bursts", "replay")
	for i := 1; i < len(p.Steps); i++ {
		if p.Steps[i].At <= p.Steps[i-1].At {
			path := fmt.Sprintf("%s.steps[%d].at", at, i)
			d.reject(path, []string{fmt.Sprintf("%s.steps[%d].at", at, i-1)}, "write the steps in the order of their times",
				"must be after that of the step before, %s", p.Steps[i-1].At)
		}
	}
	if b := p.Bursts; b != nil && b.Length >= b.Every {
		d.reject(at+".bursts.length", []string{at + ".bursts.every"}, "for a higher rate all the time, write rate", "must be shorter than every, %s", b.Every)
	}
}

func (d *document) validatePipeline(w *Workload) {
	p := w.Pipeline
	if p == nil {
		return
	}
	const at = "workload.pipeline"
	by := []string{at + ".depth", at + ".min", at + ".max"}
	switch {
	case p.Depth > 0 && (p.Min > 0 || p.Max > 0):
		d.reject(at, by, "write depth, or min and max", "has a depth and a range")
	case p.Depth == 0 && (p.Min == 0 || p.Max == 0):
		d.reject(at, by, "write depth: 16, or min: 1 and max: 16", "has no depth")
	case p.Max < p.Min:
		d.reject(at+".max", by, "", "%d is below min, %d", p.Max, p.Min)
	}
	if _, most := p.Range(); !w.bySockets() && most*w.Generators > w.MaxInFlight {
		d.reject("workload.maxInFlight", append(by, "workload.generators"), "the requests of a pipeline are all in flight, and the generators share maxInFlight",
			"%d has no room for a pipeline of %d on each of the generators, %d", w.MaxInFlight, most, w.Generators)
	}
	if least, most := p.Range(); most > least {
		d.validateOrdered(w, by)
	}
	for i, c := range w.Mix {
		if c.Command == "MULTI" || c.Wait != nil {
			d.reject(fmt.Sprintf("workload.mix[%d]", i), by, "leave pipeline out, or this entry", "MULTI and wait do not go into a pipeline")
		}
	}
}

// validateOrdered refuses keys that follow the numbers of the requests where these have
// gaps: a pipeline of a drawn depth leaves the numbers free that it does not use.
func (d *document) validateOrdered(w *Workload, by []string) {
	for i, k := range w.KeySpaces() {
		at := "workload.keys.distribution"
		if len(w.Spaces) > 0 {
			at = fmt.Sprintf("workload.spaces[%d].keys.distribution", i)
		}
		if k.Keys.Distribution == "sequential" || k.Keys.Distribution == "latest" {
			d.reject(at, by, "write depth in place of min and max", "a pipeline of a drawn depth uses %s keys unevenly", k.Keys.Distribution)
		}
	}
}

func (d *document) validateKeys(k *Keys, path string, mix []Command) {
	by := []string{path + ".distribution"}
	only := func(name string, stated bool, distributions ...string) {
		if stated && !slices.Contains(distributions, k.Distribution) {
			d.reject(path+"."+name, by, "leave "+name+" out, or write distribution: "+distributions[0], "%s keys have no %s", k.Distribution, name)
		}
	}
	only("theta", k.Theta != 0, "zipfian", "latest")
	only("scrambled", k.Scrambled, "zipfian")
	only("hot", k.Hot != nil, "hotset")
	only("sigma", k.Sigma != 0, "gaussian")
	if k.Hot != nil && k.Hot.Keys == 1 {
		d.reject(path+".hot.keys", nil, "write distribution: uniform", "must leave some keys out of the hot set")
	}
	if k.Distribution == "hotset" && k.Count < 2 {
		d.reject(path+".count", by, "", "a hot set needs two keys at least")
	}
	if (k.Tag > 0 || k.Slot != nil) && strings.Contains(k.Prefix, "{") && !(hasTag(k.Prefix) && k.Slot == nil) {
		d.reject(path+".prefix", []string{path + ".tag", path + ".slot"}, "leave the brace out", "has a brace, which would hide the hash tag that tag or slot gives a key")
		return
	}
	if need := tagNeeded(mix); k.Tag < need && !hasTag(k.Prefix) {
		var from []string
		for i := range mix {
			from = append(from, fmt.Sprintf("workload.mix[%d]", i), fmt.Sprintf("workload.mix[%d].keys", i))
		}
		d.reject(path+".tag", from, fmt.Sprintf("leave it out, or write %d at least", need), "%d keys share a hash tag, a command of the mix needs %d in one slot", k.Tag, need)
	}
}

func (d *document) validateValues(v *Values) {
	const at = "workload.values"
	d.one(at, true, "size", "range", "sizes", "logNormal")
	if r := v.Range; r != nil && r.Max < r.Min {
		d.reject(at+".range.max", []string{at + ".range.min"}, "", "%d is below min, %d", r.Max, r.Min)
	}
	if l := v.LogNormal; l != nil && l.Max < l.Min {
		d.reject(at+".logNormal.max", []string{at + ".logNormal.min"}, "", "%d is below min, %d", l.Max, l.Min)
	}
}

// takers are the commands that take each option of a mix entry.
var takers = []struct {
	option   string
	commands []string
	stated   func(c *Command) bool
}{
	{"keys", []string{"MGET", "MSET", "EVALSHA"}, func(c *Command) bool { return c.Keys != nil }},
	{"count", []string{"LRANGE", "ZRANGE", "LPUSH", "RPUSH"}, func(c *Command) bool { return c.Count != 0 }},
	{"nx", []string{"SET"}, func(c *Command) bool { return c.NX }},
	{"ttl", []string{"SET", "EXPIRE"}, func(c *Command) bool { return c.TTL != 0 }},
	{"maxLen", []string{"XADD"}, func(c *Command) bool { return c.MaxLen != 0 }},
	{"type", []string{"EXPIRE", "DEL"}, func(c *Command) bool { return c.Type != "" }},
	{"script", []string{"EVALSHA"}, func(c *Command) bool { return c.Script != "" }},
	{"args", []string{"EVALSHA"}, func(c *Command) bool { return c.Args != nil }},
	{"raw", []string{"RAW"}, func(c *Command) bool { return c.Raw != "" }},
	{"commands", []string{"MULTI"}, func(c *Command) bool { return c.Commands != nil }},
}

// needs are the options that a command cannot do without.
var needs = map[string]string{"EVALSHA": "script", "RAW": "raw", "MULTI": "commands", "EXPIRE": "ttl"}

func (d *document) validateMix(s *Scenario) {
	seen := map[string]int{}
	for i := range s.Workload.Mix {
		c, path := &s.Workload.Mix[i], fmt.Sprintf("workload.mix[%d]", i)
		command := []string{path + ".command"}
		for _, t := range takers {
			switch stated := t.stated(c); {
			case stated && !slices.Contains(t.commands, c.Command):
				d.reject(path+"."+t.option, command, t.option+" belongs to "+either(t.commands), "%s has no %s", c.Command, t.option)
			case !stated && needs[c.Command] == t.option:
				d.reject(path, append(command, path+"."+t.option), "add "+t.option, "%s needs %s", c.Command, t.option)
			}
		}
		if c.Keys != nil && *c.Keys == 0 && c.Command != "EVALSHA" {
			d.reject(path+".keys", command, "write 1 or more", "%s needs a key", c.Command)
		}
		d.validateTemplates(c, path)
		d.validateBlocking(&s.Workload, c, path)
		if first, ok := seen[c.Label()]; ok {
			at := path + ".command"
			if c.Name != "" {
				at = path + ".name"
			}
			d.reject(at, nil, "add the two weights, or name this entry", "%s is in the mix twice, as mix[%d]", c.Label(), first)
		} else if !d.failed(path+".command", path+".raw") {
			seen[c.Label()] = i
		}
		if strings.EqualFold(c.Label(), "all") {
			d.reject(path+".name", command, "choose another one", "is the name of all commands together in reports")
		}
		d.validateWait(s, c, path)
		d.validateReply(&s.Workload, c, path)
	}
}

// unfit are commands that would change what the replies behind them are.
var unfit = []string{
	"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE",
	"SUNSUBSCRIBE", "MONITOR", "SYNC", "PSYNC", "QUIT", "RESET", "HELLO", "AUTH", "SELECT", "CLIENT", "ASKING", "READONLY",
	"READWRITE", "WAIT", "WAITAOF", "SHUTDOWN", "FAILOVER", "CLUSTER", "REPLICAOF", "SLAVEOF",
}

func (d *document) validateTemplates(c *Command, path string) {
	check := func(at, text string, argument bool) {
		if argument {
			text = "X " + text
		}
		args, err := ParseTemplate(text)
		var bad *templateError
		switch {
		case errors.As(err, &bad):
			d.reject(at, nil, bad.hint, "%s", bad.message)
		case argument && len(args) != 2:
			d.reject(at, nil, `write each argument as an item of its own, and quote spaces, as in "\"two words\""`, "is not one argument")
		case !argument && slices.Contains(unfit, commandOf(args)):
			d.reject(at, nil, "write command: MULTI for a transaction, and wait to wait for replicas", "%s changes the state of its connection", args[0][0].Text)
		}
	}
	if c.Raw != "" {
		check(path+".raw", c.Raw, false)
	}
	for i, a := range c.Args {
		check(fmt.Sprintf("%s.args[%d]", path, i), a, true)
	}
	for i, t := range c.Commands {
		check(fmt.Sprintf("%s.commands[%d]", path, i), t, false)
	}
}

func (d *document) validateWait(s *Scenario, c *Command, path string) {
	at, w := path+".wait", c.Wait
	if w == nil {
		return
	}
	command := []string{path + ".command"}
	if ReadsOnly(c.Command) {
		d.reject(at, command, "wait belongs to writes", "%s does not write", c.Command)
	}
	d.validateReplicas(s, w, at)
	if t := s.Workload.Client.Wire.Timeout; t > 0 && w.Timeout >= t {
		d.reject(at+".timeout", []string{"workload.client.wire.timeout"}, "", "%s is not below the client's timeout, %s", w.Timeout, t)
	}
	if t := s.Workload.Client.Options.ReadTimeout; t > 0 && w.Timeout >= t {
		d.reject(at+".timeout", []string{"workload.client.options.readTimeout"}, "", "%s is not below the client's readTimeout, %s", w.Timeout, t)
	}
}

func (d *document) validateClient(w *Workload) {
	const at = "workload.client.options"
	c := &w.Client
	o := c.Options
	if c.Type == "wire" {
		d.validateWire(w)
	} else if c.Wire != (WireOptions{}) {
		d.reject("workload.client.wire", []string{"workload.client.type"}, "set type: wire, or state options", "are options of wire, and the client is %s", c.Type)
	}
	if o.RouteByLatency && o.RouteRandomly {
		d.reject(at+".routeRandomly", []string{at + ".routeByLatency"}, "choose one of the two", "cannot be combined with routeByLatency")
	}
	if o.MinRetryBackoff > o.MaxRetryBackoff && o.MaxRetryBackoff > 0 {
		d.reject(at+".minRetryBackoff", []string{at + ".maxRetryBackoff"}, "", "%s is above maxRetryBackoff, %s", o.MinRetryBackoff, o.MaxRetryBackoff)
	}
	if o.MinIdleConns > o.PoolSize && o.PoolSize > 0 {
		d.reject(at+".minIdleConns", []string{at + ".poolSize"}, "", "%d idle connections do not fit a pool of %d", o.MinIdleConns, o.PoolSize)
	}
	if r := c.Storm; r != nil && r.Every > 0 && r.Every < milliseconds(100) {
		d.reject("workload.client.storm.every", nil, "for single connections, write churn", "must be 0s or at least 100ms, not %s", r.Every)
	}
}

func (d *document) validateWire(w *Workload) {
	const at = "workload.client"
	c := &w.Client
	if c.Options != (GoRedisOptions{}) {
		d.reject(at+".options", []string{at + ".type"}, "set type: go-redis, or state wire", "are options of go-redis, and the client is wire")
	}
	if n := c.Wire.Clients; n > 0 && !w.Rate.Max {
		d.reject(at+".wire.clients", []string{"workload.rate"}, "leave clients out, or write rate: max", "belongs to a closed loop: with a rate all requests share the connections")
	} else if n > 0 && n < c.Wire.Cores {
		d.reject(at+".wire.clients", []string{at + ".wire.cores"}, "each core needs one", "%d clients are less than %d cores", n, c.Wire.Cores)
	}
	if w.bySockets() {
		d.validateWireLoop(w)
	}
	if c.Wire.Connections < c.Wire.Cores && c.Wire.Connections > 0 {
		d.reject(at+".wire.connections", []string{at + ".wire.cores"}, "each core needs one", "%d connections are less than %d cores", c.Wire.Connections, c.Wire.Cores)
	}
}

// validateWireLoop refuses sizes of a closed loop that the client wire does not follow: its
// connections and clients bound the requests that are under way.
func (d *document) validateWireLoop(w *Workload) {
	by := []string{"workload.rate", "workload.client.type"}
	if d.values["workload.maxInFlight"] != nil {
		d.reject("workload.maxInFlight", by, fmt.Sprintf("write workload.client.wire.clients: %d", w.MaxInFlight),
			"does not bound a closed loop of the client wire: its clients do, or its connections and their depth")
	}
	if p := w.Pipeline; p != nil {
		_, most := p.Range()
		d.reject("workload.pipeline", by, fmt.Sprintf("write workload.client.wire.depth: %d", most),
			"does not shape a closed loop of the client wire: each connection has as many requests under way as its depth")
	}
}
