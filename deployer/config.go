package deployer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Directive is a line of redis.conf with one value.
func Directive(name, value string) string { return name + " " + quote(value) + "\n" }

// Directives are the lines of redis.conf that a scenario states, in the order of
// their names.
func Directives(config map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(config)) {
		value := config[name]
		if !multiple[name] || value == "" {
			value = quote(value)
		}
		fmt.Fprintf(&b, "%s %s\n", name, value)
	}
	return b.String()
}

// multiple are directives whose value is several words, not one.
var multiple = map[string]bool{
	"client-output-buffer-limit": true, "save": true, "oom-score-adj-values": true, "user": true, "rename-command": true, "loadmodule": true,
}

// quote writes a value as redis.conf reads it. Source: sdssplitargs in sds.c.
func quote(v string) string {
	if v != "" && !strings.ContainsAny(v, " \t\"'\\#") {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}
