package judge

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// disagreements are the figures that are not what the servers kept, one reason for each
// check, with both figures of its first difference.
func disagreements(s *results.Summary) []string {
	var reasons []string
	for _, c := range s.Checks {
		if c.Result != results.CheckDisagrees || len(c.Differences) == 0 {
			continue
		}
		reason := fmt.Sprintf("the report disagrees with the servers' own records (%s): %s", c.Name, words.Difference(c.Differences[0]))
		if more := len(c.Differences) - 1; more > 0 {
			reason += fmt.Sprintf("; %s", words.Plural(more, "more difference", "more differences"))
		}
		reasons = append(reasons, reason)
	}
	return reasons
}
