package kube

import (
	"context"
	"time"
)

// Absence is a stretch in which the API server did not answer.
type Absence struct {
	// From is when the first question was asked that had no answer, To when one
	// had again, or with Open the end of the watch.
	From, To time.Time
	Open     bool
	// Why is what became of the first question.
	Why error
}

// A question to the API server comes every askEvery and may take askLimit.
const (
	askEvery = time.Second
	askLimit = 3 * time.Second
)

// WatchAbsence asks the API server for its version every second until ctx ends, and
// reports each absence once it is over.
func (c *Cluster) WatchAbsence(ctx context.Context, report func(Absence)) {
	ask := func(ctx context.Context) error {
		_, err := c.Client.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx)
		return err
	}
	watchAbsence(ctx, ask, askEvery, askLimit, report)
}

func watchAbsence(ctx context.Context, ask func(context.Context) error, every, limit time.Duration, report func(Absence)) {
	t := time.NewTicker(every)
	defer t.Stop()
	var away *Absence
	for {
		asked := time.Now()
		asking, cancel := context.WithTimeout(ctx, limit)
		err := ask(asking)
		cancel()
		switch {
		case ctx.Err() != nil:
			if away != nil {
				away.To, away.Open = time.Now(), true
				report(*away)
			}
			return
		case err == nil && away != nil:
			away.To = time.Now()
			report(*away)
			away = nil
		case err != nil && away == nil:
			away = &Absence{From: asked, Why: withoutURL(err)}
		}
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
}
