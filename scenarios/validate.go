package scenarios

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// validate notes what fields may not hold together. Fields that were wrong
// alone are left out: one mistake gives one error.
func (d *document) validate(s *Scenario) {
	if d.root == nil || d.failed("") {
		return
	}
	d.validateCluster(&s.Cluster)
	d.validateAttach(s)
	d.validateRedis(&s.Redis)
	for _, c := range s.Redis.configurations() {
		d.validateConfig(c)
		d.validateDirectives(&s.Redis, c)
	}
	d.validateOwn(s)
	d.validateDistinct(&s.Redis)
	for _, c := range s.Redis.configurations() {
		d.normalise(c)
	}
	d.validateRenames(s)
	d.validateImages(s)
	d.validateWorkload(s)
	d.validateNetwork(s)
	d.validateTimeline(s)
	d.validateUpgrade(s)
	d.validateObjectives(s)
	d.validateMatrix(s)
}

func (d *document) validateCluster(c *Cluster) {
	if ns := c.Kube.Namespace; ns == "default" || strings.HasPrefix(ns, "kube-") {
		d.reject("cluster.kube.namespace", nil, "prepare one that belongs to slotstorm, or leave it out", "slotstorm does not use the namespaces default and kube-*")
	}
	if c.Kind.Config != "" && d.values["cluster.kind.nodes"] != nil {
		d.reject("cluster.kind.config", []string{"cluster.kind.nodes"}, "leave out one of the two", "cannot be combined with cluster.kind.nodes: both define the nodes")
	}
}

var directive = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// owned are the directives that slotstorm sets itself in every place to form the cluster,
// to watch it and to take it away again.
var owned = []string{"cluster-config-file", "cluster-enabled", "daemonize", "dir", "logfile", "port", "protected-mode"}

// validateConfig wants names that can be those of directives, and none that slotstorm sets.
func (d *document) validateConfig(c configuration) {
	for _, name := range slices.Sorted(maps.Keys(c.values)) {
		path := join(c.at, name)
		if lower := strings.ToLower(name); !directive.MatchString(lower) && aliases[lower] == "" {
			d.rejectKey(path, "a directive is lower case letters, digits and '-', as in cluster-node-timeout", "%q is not a redis.conf directive", clip(name))
		} else if lower != name {
			d.rejectKey(path, "did you mean "+lower+"?", "directives are written in lower case")
		}
		if slices.Contains(owned, name) {
			d.rejectKey(path, "leave it out", "slotstorm sets this directive itself")
		}
	}
	const timeout = "cluster-node-timeout"
	if text, ok := c.values[timeout]; ok {
		if n, err := strconv.Atoi(text); err != nil || n < 100 || n > 3_600_000 {
			d.reject(join(c.at, timeout), nil, "it is in milliseconds and has no unit; Redis' own default is 15000",
				"must be a whole number from 100 to 3600000, not %q", clip(text))
		}
	}
}

func (d *document) validateRedis(r *Redis) {
	if a := r.Auth; a != nil && !a.Enabled && a.PasswordEnv != "" {
		d.reject("redis.auth.passwordEnv", []string{"redis.auth.enabled"}, "set enabled: true, or leave passwordEnv out", "names a password, but auth is not enabled")
	}
	if a := r.Auth; a != nil && !a.Enabled && a.User != "" {
		d.reject("redis.auth.user", []string{"redis.auth.enabled"}, "set enabled: true, or leave user out", "names a user, but auth is not enabled")
	}
	if a := r.Auth; a != nil && a.User == "default" {
		d.reject("redis.auth.user", nil, "leave user out: the password is then the default user's", "cannot be default: this user is switched off where another is named")
	}
	if t := r.TLS; t != nil && !t.Enabled && t.Mutual {
		d.reject("redis.tls.mutual", []string{"redis.tls.enabled"}, "set enabled: true, or leave mutual out", "requires certificates of clients, but TLS is not enabled")
	}
}
