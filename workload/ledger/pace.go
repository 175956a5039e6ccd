package ledger

import (
	"context"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/schedule"
)

// rate is how often something is due, and when.
type rate struct {
	perSecond float64
	start     time.Time
	length    time.Duration
}

// pace calls do each time that it is due, until stop or ctx ends.
func (r rate) pace(ctx, stop context.Context, do func(n int64, at time.Time)) {
	s := schedule.New(schedule.Options{Workload: &scenarios.Workload{Rate: scenarios.Rate{PerSecond: r.perSecond}}, Length: r.length})
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		b, ok := s.Next()
		if !ok {
			return
		}
		timer.Reset(time.Until(r.start.Add(b.At)))
		select {
		case <-timer.C:
		case <-stop.Done():
			return
		case <-ctx.Done():
			return
		}
		do(int64(b.Number), r.start.Add(b.At))
	}
}
