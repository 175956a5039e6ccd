package deployer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Directive is a line of redis.conf with one value.
func Directive(name, value string) string { return name + " " + quote(value) + "\n" }

// Directives are the lines of redis.conf that a scenario states, in the order of
// their names. No value can begin a line of its own.
func Directives(config map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(config)) {
		value := config[name]
		if !multiple[name] || value == "" || strings.ContainsFunc(value, unicode.IsControl) {
			value = quote(value)
		}
		fmt.Fprintf(&b, "%s %s\n", scenarios.Accepted(name), value)
	}
	return b.String()
}

// Renames are the lines of redis.conf that give commands other names, in their order.
func Renames(commands map[string]string) string {
	var b strings.Builder
	for _, command := range slices.Sorted(maps.Keys(commands)) {
		fmt.Fprintf(&b, "rename-command %s %s\n", command, quote(commands[command]))
	}
	return b.String()
}

// multiple are directives whose value is several words, not one.
var multiple = map[string]bool{
	"client-output-buffer-limit": true, "save": true, "oom-score-adj-values": true, "user": true, "loadmodule": true,
}

// quote writes a value as redis.conf reads it, whatever is in it. Source:
// sdssplitargs in sds.c.
func quote(v string) string {
	if v != "" && !strings.ContainsAny(v, " \"'\\#") && !strings.ContainsFunc(v, unicode.IsControl) {
		return v
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(v) {
		switch c := v[i]; {
		case c == '\\' || c == '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
