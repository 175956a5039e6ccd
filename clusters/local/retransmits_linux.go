package local

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Retransmitted is how many segments TCP has sent again in this network. Source:
// RetransSegs of RFC 4022, in /proc/net/snmp: a line of names and one of values.
func Retransmitted() (uint64, error) {
	raw, err := os.ReadFile("/proc/thread-self/net/snmp")
	if err != nil {
		return 0, fmt.Errorf("reading the counters of TCP: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "Tcp:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		if i := slices.Index(names, "RetransSegs"); i >= 0 && i < len(fields) {
			return strconv.ParseUint(fields[i], 10, 64)
		}
	}
	return 0, fmt.Errorf("the counters of TCP have no RetransSegs: %q", raw)
}
