package witness

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// unbounded is the upper end of a range that has none.
const unbounded = int64(1) << 56

// span is what is known of a count: it lies in [low, high].
type span struct{ low, high int64 }

// plus adds two spans.
func (s span) plus(o span) span {
	return span{s.low + o.low, min(s.high+o.high, unbounded)}
}

func (s span) times(n int64) span {
	if s.high >= unbounded/max(n, 1) {
		return span{s.low * n, unbounded}
	}
	return span{s.low * n, s.high * n}
}

// meets reports whether one count can be both.
func (s span) meets(o span) bool { return s.low <= o.high && o.low <= s.high }

func (s span) String() string {
	switch {
	case s.high >= unbounded:
		return "at least " + grouped(s.low)
	case s.low == s.high:
		return grouped(s.low)
	}
	return grouped(s.low) + " to " + grouped(s.high)
}

// grouped writes a count with commas.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && digits[i-1] != '-' && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// since writes an offset from the start of the load in seconds.
func since(r *results.Run, at results.Duration) string {
	return fmt.Sprintf("%.3f s", (at - r.LoadStart).Std().Seconds())
}

func millis(n int) results.Duration { return results.DurationOf(time.Duration(n) * time.Millisecond) }

// check collects what one check finds.
type check struct{ results.Check }

func newCheck(name string) *check { return &check{results.Check{Name: name}} }

// compare lays two counts side by side.
func (c *check) compare(of string, report, servers span) {
	c.Compared++
	if !report.meets(servers) {
		c.Differences = append(c.Differences, results.Difference{Of: of, Report: report.String(), Servers: servers.String()})
	}
}

// exactly compares two counts that must be equal.
func (c *check) exactly(of string, report, servers int64) {
	c.compare(of, span{report, report}, span{servers, servers})
}

// differ notes a difference that is no count.
func (c *check) differ(of, report, servers string) {
	c.Differences = append(c.Differences, results.Difference{Of: of, Report: report, Servers: servers})
}

// limit notes, once, what could not be checked.
func (c *check) limit(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, l := range c.Limits {
		if l == text {
			return
		}
	}
	c.Limits = append(c.Limits, text)
}

// answer is the check as it ends.
func (c *check) answer() results.Check {
	switch {
	case len(c.Differences) > 0:
		c.Result = results.CheckDisagrees
	case c.Compared > 0:
		c.Result = results.CheckAgrees
	default:
		c.Result = results.CheckUnchecked
	}
	return c.Check
}
