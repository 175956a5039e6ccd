package deployer

import (
	"slices"
	"strings"
)

// Complaints are the last three things that a node's log warns of, apart from what
// every start has; empty if there are none.
func Complaints(log string) string {
	list := warnings(log)
	return strings.Join(list[max(0, len(list)-3):], " | ")
}

// warnings are the lines of a log that Redis marks with #, each once. Source:
// serverLogRaw in Redis' server.c.
func warnings(log string) []string {
	var list []string
	for line := range strings.Lines(log) {
		_, text, ok := strings.Cut(line, " # ")
		text = strings.TrimSpace(text)
		if ok && !routine(text) && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

// routine reports whether every start has a warning: advice about the machine, and
// the banner.
func routine(text string) bool {
	for _, prefix := range []string{"WARNING", "Warning", "oO0OoO0", "Redis version=", "Configuration loaded", "Server initialized", "User requested shutdown", "Redis is now ready to exit"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
