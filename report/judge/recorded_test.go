package judge

import (
	"cmp"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
)

// corrected are lines of recorded summaries that were wrong, with what is right. Of stop-1
// the probes, a second apart, saw no outage, and that of stop-2 counted as its own.
var corrected = map[string]string{
	"stop-1: shard 0, node-0 to node-3 at 5.190498s, server 8.967298s, client 2.091756s, outage 2.998754s, complete true, FAIL 871.491ms, election started 1.608491s, promoted 1.609491s, first good write (probe) 8.967298s, first good write (client) 2.091756s": "stop-1: shard 0, node-0 to node-3 at 5.190498s, server 1.609491s, client 2.091756s, outage 0s, complete true, FAIL 871.491ms, election started 1.608491s, promoted 1.609491s, first good write (probe) 1.609491s, first good write (client) 2.091756s",
}

// leastRecorded is how many recorded bundles there are to be.
const leastRecorded = 10

// TestRecordedRunsAreJudgedAsBefore judges bundles anew that were recorded by older
// versions: verdict, objectives, failovers and losses are those that they hold.
func TestRecordedRunsAreJudgedAsBefore(t *testing.T) {
	dirs, err := filepath.Glob("../../examples/nightly/runs/*")
	if err != nil || len(dirs) < leastRecorded {
		t.Fatalf("%d recorded bundles, %v", len(dirs), err)
	}
	for _, dir := range append(dirs, "../../results/testdata/version1") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			b, err := results.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Analyze(b)
			if err != nil {
				t.Fatal(err)
			}
			want := judged(b.Run.Summary)
			for i, line := range want {
				want[i] = cmp.Or(corrected[line], line)
			}
			if diff := deep.Diff(want, judged(s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// judged is what a summary holds, without words and what older versions did not have.
func judged(s *results.Summary) []string {
	list := []string{string(s.Verdict)}
	for _, o := range s.Objectives {
		value := "nothing"
		if o.Value != nil {
			value = fmt.Sprintf("%.6g", *o.Value)
		}
		list = append(list, fmt.Sprintf("%s: %s, %s", o.Metric, value, o.Result))
	}
	for _, f := range s.Failovers {
		line := fmt.Sprintf("%s: shard %d, %s to %s at %s, server %s, client %s, outage %s, complete %v", f.Fault, f.Shard, f.From, f.To, f.Injected, f.Server, f.Client, f.Outage, f.Complete)
		for _, st := range f.Steps {
			if !st.Missing {
				line += fmt.Sprintf(", %s %s", st.Name, st.At)
			}
		}
		list = append(list, line)
	}
	for _, l := range s.Losses {
		list = append(list, fmt.Sprintf("lost %d of shard %d by %s, %s, %s", l.Count, l.Shard, l.Node, l.Cause, l.Fault))
	}
	return list
}
