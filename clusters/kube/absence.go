package kube

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
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

// Watcher takes what a watch of the API server sees.
type Watcher struct {
	// Away gets each absence once it is over.
	Away func(Absence)
	// Refused is called when the API server begins to refuse the credentials.
	Refused func(error)
}

// WatchAbsence asks the API server for its version every second until ctx ends.
func (c *Cluster) WatchAbsence(ctx context.Context, w Watcher) {
	ask := func(ctx context.Context) error {
		_, err := c.Client.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx)
		return err
	}
	watchAbsence(ctx, ask, askEvery, askLimit, w)
}

func watchAbsence(ctx context.Context, ask func(context.Context) error, every, limit time.Duration, w Watcher) {
	t := time.NewTicker(every)
	defer t.Stop()
	var away *Absence
	refused := false
	for {
		asked := time.Now()
		asking, cancel := context.WithTimeout(ctx, limit)
		err := ask(asking)
		cancel()
		present := err == nil || answered(err)
		if now := api.IsUnauthorized(err); now != refused && present {
			if refused = now; now {
				w.Refused(err)
			}
		}
		switch {
		case ctx.Err() != nil:
			if away != nil {
				away.To, away.Open = time.Now(), true
				w.Away(*away)
			}
			return
		case present && away != nil:
			away.To = time.Now()
			w.Away(*away)
			away = nil
		case !present && away == nil:
			away = &Absence{From: asked, Why: withoutURL(err)}
		}
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
}

// answered reports whether an error is an answer of the API server itself. The status of a
// gateway says that no server is behind it.
func answered(err error) bool {
	var status api.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	switch status.Status().Code {
	case 0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	}
	return true
}
