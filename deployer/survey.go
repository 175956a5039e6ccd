package deployer

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
)

// secrets are what CONFIG GET * would give away.
var secrets = []string{"requirepass", "masterauth", "masteruser", "tls-key-file-pass", "tls-client-key-file-pass"}

// perObject are names of INFO fields that come and go with what there is.
var perObject = regexp.MustCompile(`^(db|slave)\d+$|^(errorstat|cmdstat)_`)

// Survey reads what a node's version shows to clients and operators. Of the directives that
// before, the survey of another version, has and that this one does not list, it asks for
// each by its name. before is nil for the first survey.
func (c *Cluster) Survey(ctx context.Context, n Node, before *results.Surface) (*results.Surface, error) {
	cl := c.Client(n, commandTimeout)
	defer cl.Close()
	s := &results.Surface{Node: n.Name, Commands: map[string]string{}}
	var err error
	if s.Config, err = cl.ConfigGet(ctx, "*").Result(); err != nil {
		return nil, fmt.Errorf("CONFIG GET: %w", err)
	}
	if before != nil {
		if err := addHidden(ctx, cl, s.Config, before.Config); err != nil {
			return nil, err
		}
	}
	for _, name := range secrets {
		delete(s.Config, name)
	}
	list, err := cl.Do(ctx, "COMMAND").Slice()
	if err != nil {
		return nil, fmt.Errorf("COMMAND: %w", err)
	}
	for _, entry := range list {
		addCommand(s.Commands, entry)
	}
	info, err := cl.Info(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("INFO: %w", err)
	}
	s.Server = results.ServerOfInfo(info)
	section := ""
	for line := range strings.Lines(info) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "# "); ok {
			section = strings.ToLower(title)
			continue
		}
		if name, _, ok := strings.Cut(line, ":"); ok && !perObject.MatchString(name) {
			s.Info = append(s.Info, section+"."+name)
		}
	}
	slices.Sort(s.Info)
	return s, nil
}

// addHidden adds the directives of wanted that a server knows, and that CONFIG GET * leaves
// out: versions hide directives for tests, such as aof-disable-auto-gc.
func addHidden(ctx context.Context, cl *redis.Client, to, wanted map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if _, listed := to[name]; listed {
			continue
		}
		answer, err := cl.ConfigGet(ctx, name).Result()
		if err != nil {
			return fmt.Errorf("CONFIG GET %s: %w", name, err)
		}
		maps.Copy(to, answer)
	}
	return nil
}

// addCommand adds an entry of COMMAND and its subcommands: name, arity, flags,
// first and last key, step, categories, tips, key specifications, subcommands.
// The last four came with Redis 7.0; categories change too often to compare.
func addCommand(to map[string]string, entry any) {
	f, ok := entry.([]any)
	if !ok || len(f) < 6 {
		return
	}
	var flags []string
	if list, ok := f[2].([]any); ok {
		for _, flag := range list {
			flags = append(flags, fmt.Sprint(flag))
		}
	}
	slices.Sort(flags)
	to[fmt.Sprint(f[0])] = fmt.Sprintf("arity %v, keys %v to %v by %v, %s", f[1], f[3], f[4], f[5], strings.Join(flags, " "))
	if len(f) > 9 {
		if subs, ok := f[9].([]any); ok {
			for _, sub := range subs {
				addCommand(to, sub)
			}
		}
	}
}
