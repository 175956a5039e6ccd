package words

import (
	"cmp"
	"fmt"
	"sort"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// Relative places an acknowledgement by the promotion.
func Relative(g results.LossGroup, before results.Duration) string {
	switch {
	case g.Fault == "":
		return None
	case !g.Promoted:
		return "no promotion"
	case before < 0:
		return Clock(-before) + " after promotion"
	}
	return Clock(before) + " before promotion"
}

// ByFault places a group's acknowledgements by the moment of the fault.
func ByFault(g results.LossGroup) string {
	if g.Fault == "" {
		return None
	}
	side := func(m results.Duration) string {
		if m < 0 {
			return Clock(-m) + " before"
		}
		return Clock(m) + " after"
	}
	first, last := side(g.FirstAfterFault), side(g.LastAfterFault)
	if first == last {
		return first
	}
	return first + " to " + last
}

// Stated is where the value of an option comes from, in parentheses.
func Stated(o results.Option) string {
	if o.Stated {
		return " (set by the scenario)"
	}
	return " (the library's default)"
}

// Since places an offset on the timeline, as the plots do.
func Since(r *results.Run, m results.Duration) string {
	if m == 0 {
		return None
	}
	if d := m - r.TimelineStart; d < 0 {
		return "T−" + Clock(-d)
	}
	return "T+" + Clock(m-r.TimelineStart)
}

// StretchText is a range, with its unit once if both ends have the same.
func StretchText(low, high results.Duration) string {
	l, h := Duration(low), Duration(high)
	if number, unit, ok := strings.Cut(l, " "); ok && strings.HasSuffix(h, " "+unit) && !strings.Contains(unit, " ") {
		l = number
	}
	return l + " to " + h
}

// Prediction is the range that was predicted for a failover.
func Prediction(f results.Failover) string {
	if f.PredictedMax == 0 {
		return None
	}
	return StretchText(f.PredictedMin, f.PredictedMax)
}

// Lost is how many acknowledged writes of an audit were gone at the end: a lower bound (≥ 2) where
// not all could be read back, and a dash where nothing is known of any.
func Lost(au *results.Audit) string {
	switch {
	case au == nil, au.Gone() == 0 && (au.OK == 0 || au.Partial()):
		return None
	case au.Partial():
		return "≥ " + Count(au.Gone())
	}
	return Count(au.Gone())
}

// errorWords are classes of errors that are not the reply of a server.
var errorWords = map[string]string{
	"dial": "cannot connect", "handshake": "login refused", "pool": "no free connection", "wait": "no free connection",
	"eof": "connection closed", "reset": "connection reset", "timeout": "timeout", "nonode": "no node for the slot",
	"reply": "other reply", "other": "other error", "protocol": "invalid reply", "unreplicated": "too few replicas confirmed",
	"overflow": "not sent", "stopped": "ended with the run", "canceled": "ended with the run",
}

// Step is the name of a step of a failover.
func Step(name string) string { return strings.Replace(name, "good write", "successful write", 1) }

// Origin is what a failover followed from: the name of a fault, or a word.
func Origin(f results.Failover) string {
	if f.Fault == "" && f.Cause != "" {
		return string(f.Cause)
	}
	return f.Fault
}

// OriginText is what a failover followed from, as a phrase: "fault kill-primary".
func OriginText(f results.Failover) string {
	switch {
	case f.Fault != "":
		return "fault " + f.Fault
	case f.Cause == results.OfUpgrade:
		return "the upgrade"
	}
	return fmt.Sprintf("the unexplained takeover of shard %d", f.Shard)
}

// Class is a class of errors in words: a word of an error reply as the server writes it.
func Class(name string) string { return cmp.Or(errorWords[name], name) }

// Classes lists error classes, most frequent first.
func Classes(m map[string]int) string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := names[i], names[j]
		return m[a] > m[b] || (m[a] == m[b] && a < b)
	})
	for i, name := range names {
		names[i] = Class(name) + " " + Count(m[name])
	}
	return strings.Join(names, ", ")
}

// Differs says that something is a on one side and b on the other.
func Differs(what, a, b string) string {
	return fmt.Sprintf("%s is %s and %s", what, OrNone(a), OrNone(b))
}

// Difference is a figure of the report beside that of the servers.
func Difference(d results.Difference) string {
	return fmt.Sprintf("%s: the report has %s, the servers have %s", d.Of, d.Report, d.Servers)
}
