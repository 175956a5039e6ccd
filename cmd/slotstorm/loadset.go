package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/scenarios"
)

// settings are the overrides of loadBase that the flags of load stand for, so that the
// validation of scenarios serves both. Those of --set come after them.
type settings struct {
	c *cli.Context
	// stated are the paths that --set names.
	stated [][]string
	set    []string
	err    error
}

// loadSettings writes the flags as overrides.
func loadSettings(c *cli.Context) ([]string, error) {
	s := &settings{c: c}
	for _, text := range c.StringSlice("set") {
		path := scenarios.OverridePath(text)
		if err := settable(path); err != nil {
			return nil, err
		}
		s.stated = append(s.stated, path)
	}
	mix, err := ratio(c.String("ratio"))
	if err != nil {
		return nil, err
	}
	distribution, err := pattern(c.String("key-pattern"))
	if err != nil {
		return nil, err
	}
	// A profile, and key spaces, come with shapes of their own.
	const profile, spaces = "workload.profile", "workload.spaces"
	s.flag("ratio", "workload.mix", mix, profile)
	s.flag("key-prefix", "workload.keys.prefix", strconv.Quote(c.String("key-prefix")), profile, spaces)
	s.flag("key-maximum", "workload.keys.count", strconv.FormatInt(c.Int64("key-maximum"), 10), profile, spaces)
	s.flag("key-pattern", "workload.keys.distribution", distribution, profile, spaces)
	shapes := []string{profile, "workload.values.range", "workload.values.sizes", "workload.values.logNormal"}
	s.flag("data-size", "workload.values.size", strconv.Itoa(c.Int("data-size")), shapes...)
	s.set = append(s.set, "seed="+strconv.FormatUint(c.Uint64("seed"), 10))
	if c.IsSet("expiry") {
		s.flag("expiry", "workload.values.ttl", c.Duration("expiry").String())
	}
	if c.IsSet("arrival") {
		s.flag("arrival", "workload.arrival", c.String("arrival"))
	}
	s.pace()
	if err := s.client(); err != nil {
		return nil, err
	}
	return s.set, s.err
}

// settable refuses paths that load does not have.
func settable(path []string) error {
	if len(path) == 0 {
		return nil // the validation says what is wrong with it
	}
	text := strings.Join(path, ".")
	switch {
	case text == "workload":
		return usagef("--set workload: set its fields, such as --set workload.profile=session-store")
	case path[0] != "workload" && path[0] != "seed":
		return usagef("--set %s: load has only the fields of 'workload'; use 'slotstorm run' with a scenario", text)
	case within(path, "workload.probe"):
		return usagef("--set %s: load sends no probes; use 'slotstorm run' with a scenario", text)
	}
	return nil
}

// loadable refuses what only a run can do.
func loadable(w *scenarios.Workload) error {
	const run = "use 'slotstorm run' with a scenario"
	for _, field := range []struct {
		name, instead string
		stated        bool
	}{
		{"audit", "load does not audit writes; " + run, w.Audit != nil},
		{"prefill", "load does not prefill; write the keys first, with 'slotstorm load --ratio 1:0 --key-pattern S:S --requests N', or " + run, w.Prefill != nil},
		{"pattern.replay", "load does not replay times; " + run + ", or --rate", w.Pattern != nil && w.Pattern.Replay != nil},
		{"warmup", "load has no warm-up, it counts all requests; run a short load before, or " + run, w.Warmup != 0},
	} {
		if field.stated {
			return usagef("--set workload.%s: %s", field.name, field.instead)
		}
	}
	return nil
}

// within reports whether a path is at or below another.
func within(path []string, above string) bool {
	names := strings.Split(above, ".")
	return len(path) >= len(names) && slices.Equal(path[:len(names)], names)
}

// states reports whether --set names a path, or what it stands in; below as well,
// whether it names a part of it.
func (s *settings) states(path string, below bool) bool {
	names := strings.Split(path, ".")
	return slices.ContainsFunc(s.stated, func(stated []string) bool {
		return below && within(stated, path) || len(stated) > 0 && len(stated) <= len(names) && slices.Equal(stated, names[:len(stated)])
	})
}

// flag adds what a flag stands for: if the flag is set, and as the default of load
// unless --set names the field or one of others.
func (s *settings) flag(name, path, value string, unless ...string) {
	if stated := s.states(path, false); s.c.IsSet(name) && stated {
		s.err = usagef("--%s cannot be combined with a --set of %s", name, path)
	} else if !s.c.IsSet(name) && (stated || slices.ContainsFunc(unless, func(p string) bool { return s.states(p, true) })) {
		return
	}
	s.set = append(s.set, path+"="+value)
}

// rated reports whether --set gives the load a rate.
func (s *settings) rated() bool {
	return slices.ContainsFunc(s.c.StringSlice("set"), func(text string) bool {
		value, ok := strings.CutPrefix(text, "workload.rate=")
		return ok && strings.TrimSpace(value) != "max"
	})
}

// pace sets the rate and how many requests may be under way, which a closed loop of the
// client wire has from its connections.
func (s *settings) pace() {
	all := s.c.Int("clients") * s.c.Int("pipeline")
	if s.c.IsSet("rate") {
		s.flag("rate", "workload.rate", strconv.FormatFloat(s.c.Float64("rate"), 'f', -1, 64))
	}
	if s.c.IsSet("rate") || s.rated() {
		all = max(all, 10_000)
	} else if s.library() == "wire" {
		return
	}
	s.set = append(s.set, "workload.maxInFlight="+strconv.Itoa(all))
}

// library is the client that drives the load, by --client or else --set.
func (s *settings) library() string {
	library := s.c.String("client")
	for _, text := range s.c.StringSlice("set") {
		if value, ok := strings.CutPrefix(text, "workload.client.type="); ok && !s.c.IsSet("client") {
			library = strings.TrimSpace(value)
		}
	}
	return library
}

// client sets the client and its connections.
func (s *settings) client() error {
	c, library := s.c, s.library()
	s.flag("client", "workload.client.type", library)
	clients, depth := c.Int("clients"), c.Int("pipeline")
	wire := fmt.Sprintf("connections: %d, depth: %d", clients, depth)
	if c.IsSet("shared") {
		if library != "wire" || c.IsSet("rate") || s.rated() {
			return usagef("--shared needs a closed loop with the client wire: it cannot be combined with --rate or --client go-redis")
		}
		all := clients * depth
		wire = fmt.Sprintf("connections: %d, depth: %d, clients: %d", c.Int("shared"), min(all, 4096), all)
	}
	if library == "wire" {
		s.set = append(s.set, fmt.Sprintf("workload.client.wire={%s, cores: %d, protocol: %d}", wire, c.Int("threads"), c.Int("protocol")))
		return nil
	}
	if c.IsSet("threads") {
		return usagef("--threads is for the client wire: go-redis uses the threads of Go's scheduler")
	}
	s.set = append(s.set, fmt.Sprintf("workload.client.options={poolSize: %d, protocol: %d}", clients, c.Int("protocol")))
	if depth > 1 {
		s.set = append(s.set, fmt.Sprintf("workload.pipeline={depth: %d}", depth))
	}
	return nil
}

// ratio turns SET:GET into a mix.
func ratio(text string) (string, error) {
	a, b, ok := strings.Cut(text, ":")
	sets, err1 := strconv.ParseFloat(a, 64)
	gets, err2 := strconv.ParseFloat(b, 64)
	if !ok || err1 != nil || err2 != nil || !(sets >= 0 && gets >= 0 && sets+gets > 0 && sets+gets < math.MaxInt32) {
		return "", usagef("--ratio %q is not of the form SET:GET, such as 1:10", text)
	}
	var entries []string
	for _, e := range []struct {
		command string
		weight  float64
	}{{"SET", sets}, {"GET", gets}} {
		if e.weight > 0 {
			entries = append(entries, fmt.Sprintf("{command: %s, weight: %v}", e.command, e.weight))
		}
	}
	return "[" + strings.Join(entries, ", ") + "]", nil
}

// pattern turns a key pattern of memtier_benchmark's into a distribution.
func pattern(text string) (string, error) {
	a, b, ok := strings.Cut(text, ":")
	names := map[string]string{"R": "uniform", "S": "sequential", "G": "gaussian", "Z": "zipfian"}
	if name, known := names[a]; ok && known && a == b {
		return name, nil
	}
	return "", usagef("--key-pattern %q must be R:R, S:S, G:G or Z:Z: SET and GET use one distribution", text)
}
