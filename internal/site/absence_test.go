package site

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/results"
)

// Only where the load goes by way of the API server does its absence touch what was measured.
func TestTheAbsenceOfTheAPIServer(t *testing.T) {
	t.Parallel()
	from := time.Now()
	a := kube.Absence{From: from, To: from.Add(4 * time.Second), Why: errors.New("refused")}
	for way, want := range map[passage]struct{ kind, message string }{
		ofPods:        {results.EventOutOfReach, "come from pods and went on"},
		ofThisMachine: {results.EventOutOfReach, "reach the pods without it and went on"},
		byServer:      {results.EventLoadAway, "could not reach the cluster"},
	} {
		e := way.away(a, 1000, 5000)
		if e.Kind != want.kind || e.Offset != 1000 || !strings.Contains(e.Message, "did not answer for 4.0 s (refused)") || !strings.HasSuffix(e.Message, want.message) || (e.Lasted == 4000) != (way == byServer) {
			t.Errorf("%+v", e)
		}
	}
}
