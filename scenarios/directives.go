package scenarios

import (
	"maps"
	"slices"
	"strings"
)

// aliases are the other names of directives, with the present ones. Source: the tables in
// config.c of Redis 7.0 to 8.0 and Valkey 8.1 to 9.1. In 7.0 the four with '_' have no
// other name.
var aliases = map[string]string{
	"aof_rewrite_cpulist":           "aof-rewrite-cpulist",
	"bgsave_cpulist":                "bgsave-cpulist",
	"bio_cpulist":                   "bio-cpulist",
	"cluster-slave-no-failover":     "cluster-replica-no-failover",
	"cluster-slave-validity-factor": "cluster-replica-validity-factor",
	"hash-max-ziplist-entries":      "hash-max-listpack-entries",
	"hash-max-ziplist-value":        "hash-max-listpack-value",
	"list-max-ziplist-size":         "list-max-listpack-size",
	"lua-time-limit":                "busy-reply-threshold",
	"min-slaves-max-lag":            "min-replicas-max-lag",
	"min-slaves-to-write":           "min-replicas-to-write",
	"repl-ping-slave-period":        "repl-ping-replica-period",
	"server_cpulist":                "server-cpulist",
	"slave-ignore-maxmemory":        "replica-ignore-maxmemory",
	"slave-lazy-flush":              "replica-lazy-flush",
	"slave-priority":                "replica-priority",
	"slave-read-only":               "replica-read-only",
	"slave-serve-stale-data":        "replica-serve-stale-data",
	"zset-max-ziplist-entries":      "zset-max-listpack-entries",
	"zset-max-ziplist-value":        "zset-max-listpack-value",
}

// Accepted is the name of a directive that every supported server accepts: 6.2 knows no
// listpacks, and 7.0 only cpulists with '_'.
func Accepted(name string) string {
	for alias, present := range aliases {
		older := strings.Contains(alias, "_") || strings.Contains(alias, "ziplist") || alias == "lua-time-limit"
		if name == present && older {
			return alias
		}
	}
	return name
}

// normalise gives every directive its present name, so that whoever judges a configuration
// looks for one name. It refuses one directive under two names.
func (d *document) normalise(c configuration) {
	for _, name := range slices.Sorted(maps.Keys(c.values)) {
		present, ok := aliases[name]
		if !ok {
			continue
		}
		if _, both := c.values[present]; both {
			d.rejectKey(join(c.at, name), "leave one of the two out", "another name of %s, which is stated too", present)
			continue
		}
		c.values[present] = c.values[name]
		delete(c.values, name)
	}
}
