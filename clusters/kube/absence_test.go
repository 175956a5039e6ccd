package kube

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// hanging is an API server that gives no answer while frozen holds a channel, until the
// channel is closed.
func hanging(frozen *atomic.Pointer[chan struct{}]) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := frozen.Load(); wait != nil {
			select {
			case <-*wait:
			case <-r.Context().Done():
			}
		}
		_, _ = w.Write([]byte(`{"gitVersion": "v1.34.3"}`)) // who asked may be gone
	}))
}

func TestAbsenceOfAServerThatHangs(t *testing.T) {
	var frozen atomic.Pointer[chan struct{}]
	server := hanging(&frozen)
	defer server.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	var failed, answered atomic.Int64 // answered is when the last answer had come, in nanoseconds since start
	start := time.Now()
	ask := func(ctx context.Context) error {
		_, err := client.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx)
		if err != nil {
			failed.Add(1)
		} else {
			answered.Store(int64(time.Since(start)))
		}
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(chan Absence, 10)
	go watchAbsence(ctx, ask, 10*time.Millisecond, 200*time.Millisecond, Watcher{Away: func(a Absence) { seen <- a }})
	for i := range 2 {
		thaw := make(chan struct{})
		frozen.Store(&thaw)
		awaitNoted(&failed)
		last := start.Add(time.Duration(answered.Load()))
		to := time.Now()
		frozen.Store(nil)
		close(thaw)
		a := <-seen
		// It begins with the first request without an answer, which may have been on its way
		// when the server froze. How late a busy machine asks is not bounded.
		if a.From.Before(last) || a.From.After(to) {
			t.Errorf("absence %d began at %v, after an answer at %v and noted before %v", i, a.From, last, to)
		}
		if a.To.Before(to) {
			t.Errorf("absence %d ended at %v, before the server went on at %v", i, a.To, to)
		}
		if a.Open || a.Why == nil {
			t.Errorf("absence %d: %+v", i, a)
		}
	}
	thaw := make(chan struct{})
	frozen.Store(&thaw)
	awaitNoted(&failed)
	cancel()
	if a := <-seen; !a.Open {
		t.Errorf("the watch ended, and the absence is %+v", a)
	}
	close(thaw)
	if n := len(seen); n > 0 {
		t.Errorf("%d more absences", n)
	}
}

// awaitNoted waits for two failed requests: the second shows that the watch has noted the
// first.
func awaitNoted(failed *atomic.Int64) {
	for n := failed.Load(); failed.Load() < n+2; {
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAServerThatIsNotThereIsAbsent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var failed atomic.Int64
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host:          l.Addr().String(),
		WrapTransport: func(next http.RoundTripper) http.RoundTripper { return counted{next, &failed} },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		awaitNoted(&failed)
		cancel()
	}()
	var seen []Absence
	(&Cluster{Client: client}).WatchAbsence(ctx, Watcher{Away: func(a Absence) { seen = append(seen, a) }})
	if len(seen) != 1 || !seen[0].Open {
		t.Errorf("seen %+v", seen)
	}
}

// counted counts requests that fail.
type counted struct {
	http.RoundTripper
	failed *atomic.Int64
}

func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		c.failed.Add(1)
	}
	return answer, err
}

// A server that refuses a question is not away. A gateway without a server behind it says so.
func TestARefusalIsNoAbsence(t *testing.T) {
	for code, want := range map[int]struct{ away, refused int }{
		http.StatusUnauthorized: {refused: 1}, http.StatusForbidden: {}, http.StatusTooManyRequests: {}, http.StatusInternalServerError: {},
		http.StatusBadGateway: {away: 1}, http.StatusServiceUnavailable: {away: 1}, http.StatusGatewayTimeout: {away: 1},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		asked, away, refused := 0, 0, 0
		ask := func(ctx context.Context) error {
			if asked++; asked == 3 {
				cancel()
			}
			_, err := client.Discovery().RESTClient().Get().AbsPath("/version").MaxRetries(0).DoRaw(context.WithoutCancel(ctx))
			return err
		}
		watchAbsence(ctx, ask, time.Millisecond, time.Second, Watcher{Away: func(Absence) { away++ }, Refused: func(error) { refused++ }})
		if away != want.away || refused != want.refused {
			t.Errorf("status %d: away %d times, refused %d times", code, away, refused)
		}
		server.Close()
	}
}
