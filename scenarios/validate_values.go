package scenarios

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/internal/spelling"
)

// switches are directives that are yes or no in every version.
var switches = []string{
	"activedefrag", "activerehashing", "aof-load-truncated", "aof-use-rdb-preamble", "appendonly",
	"cluster-allow-pubsubshard-when-down", "cluster-allow-reads-when-down", "cluster-allow-replica-migration",
	"cluster-replica-no-failover", "cluster-require-full-coverage", "dynamic-hz", "lazyfree-lazy-eviction",
	"lazyfree-lazy-expire", "lazyfree-lazy-server-del", "lazyfree-lazy-user-del", "lazyfree-lazy-user-flush",
	"no-appendfsync-on-rewrite", "rdbchecksum", "rdbcompression", "replica-lazy-flush", "replica-read-only",
	"replica-serve-stale-data", "repl-disable-tcp-nodelay", "repl-diskless-sync", "stop-writes-on-bgsave-error",
}

// choices are the values of directives that have a fixed set of them, of all supported
// versions together. Source: what Redis 7.0 and 8.0 and Valkey 8.1 and 9.1 answer to
// another value.
var choices = map[string][]string{
	"acl-pubsub-default":           {"allchannels", "resetchannels"},
	"appendfsync":                  {"always", "everysec", "no"},
	"cluster-config-save-behavior": {"sync", "best-effort"},
	"enable-debug-command":         {"no", "yes", "local"},
	"log-format":                   {"legacy", "logfmt", "json"},
	"log-timestamp-format":         {"legacy", "iso8601", "milliseconds"},
	"loglevel":                     {"debug", "verbose", "notice", "warning", "nothing"},
	"oom-score-adj":                {"no", "yes", "relative", "absolute"},
	"propagation-error-behavior":   {"ignore", "panic", "panic-on-replicas"},
	"rdb-version-check":            {"strict", "relaxed"},
	"repl-diskless-load":           {"disabled", "on-empty-db", "swapdb", "flush-before-load"},
	"sanitize-dump-payload":        {"no", "yes", "clients"},
	"shutdown-on-sigint":           {"default", "save", "nosave", "now", "force", "safe", "failover"},
	"shutdown-on-sigterm":          {"default", "save", "nosave", "now", "force", "safe", "failover"},
}

// flags are directives that take several of their choices.
var flags = []string{"shutdown-on-sigint", "shutdown-on-sigterm"}

// policies are those of maxmemory-policy. lrm is of Redis 8.6; newer servers may have more.
var policies = []string{
	"noeviction", "allkeys-lru", "allkeys-lrm", "allkeys-lfu", "allkeys-random",
	"volatile-lru", "volatile-lrm", "volatile-lfu", "volatile-random", "volatile-ttl",
}

// amounts are directives whose value is an amount of memory. Source: as of choices.
var amounts = []string{
	"active-defrag-ignore-bytes", "auto-aof-rewrite-min-size", "client-query-buffer-limit", "cluster-link-sendbuf-limit",
	"hash-max-listpack-value", "hll-sparse-max-bytes", "maxmemory", "maxmemory-clients", "proto-max-bulk-len", "repl-backlog-size",
	"replica-full-sync-buffer-limit", "stream-node-max-bytes", "zset-max-listpack-value",
}

// amount is an amount of memory as redis.conf has it, and share the other form of
// maxmemory-clients. Source: memtoull in util.c of Redis.
var (
	amount = regexp.MustCompile(`^[0-9]+(b|k|kb|m|mb|g|gb)?$`)
	share  = regexp.MustCompile(`^[0-9]+%$`)
)

// validateValue refuses values that no server accepts.
func (d *document) validateValue(at, name, value string) {
	name = cmp.Or(aliases[name], name)
	lower := strings.ToLower(value)
	switch {
	case slices.Contains(switches, name) && lower != "yes" && lower != "no":
		d.reject(at, nil, "", "must be yes or no, not %q", clip(value))
	case name == "maxmemory-policy":
		d.validatePolicy(at, value)
	case slices.Contains(amounts, name) && !amount.MatchString(lower) && !(name == "maxmemory-clients" && share.MatchString(lower)):
		d.reject(at, nil, "write a whole number with b, k, kb, m, mb, g, gb or no unit, such as 100mb", "%q is not an amount of memory", clip(value))
	case choices[name] != nil:
		words := []string{lower}
		if slices.Contains(flags, name) {
			words = strings.Fields(lower)
		}
		for _, word := range words {
			d.validateChoice(at, word, choices[name])
		}
	}
}

func (d *document) validateChoice(at, word string, known []string) {
	if slices.Contains(known, word) {
		return
	}
	hint := ""
	if c := closest(word, known); c != "" {
		hint = "did you mean " + c + "?"
	}
	d.reject(at, nil, hint, "must be %s, not %q", either(known), clip(word))
}

// validatePolicy refuses an eviction policy that is nearly one, or of no known kind. Others
// may be of a newer server.
func (d *document) validatePolicy(at, value string) {
	lower := strings.ToLower(value)
	if slices.Contains(policies, lower) {
		return
	}
	hint := "such as noeviction, allkeys-lru or volatile-ttl"
	near := slices.IndexFunc(policies, func(p string) bool { return len(lower) <= 64 && spelling.Distance(lower, p) <= slips })
	switch {
	case near >= 0:
		hint = "did you mean " + closest(lower, policies) + "?"
	case strings.HasPrefix(lower, "allkeys-"), strings.HasPrefix(lower, "volatile-"):
		return
	}
	d.reject(at, nil, hint, "no server has the eviction policy %q", clip(value))
}
