package client

import (
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// TestReplyLimits: a scenario that is valid gets no reply beyond what the clients read.
func TestReplyLimits(t *testing.T) {
	t.Parallel()
	if l := resp.DefaultLimits(); l.MaxBulk != scenarios.MostReplyBytes || l.MaxReply < scenarios.MostReplyBytes || l.MaxElements != scenarios.MostReplyElements {
		t.Errorf("the limits are %+v", l)
	}
}
