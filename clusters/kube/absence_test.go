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

func TestAbsenceOfAServerThatHangs(t *testing.T) {
	var frozen atomic.Pointer[chan struct{}]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := frozen.Load(); wait != nil {
			select {
			case <-*wait:
			case <-r.Context().Done():
			}
		}
		_, _ = w.Write([]byte(`{"gitVersion": "v1.34.3"}`)) // who asked may be gone
	}))
	defer server.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	var failed atomic.Int64
	ask := func(ctx context.Context) error {
		_, err := client.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx)
		if err != nil {
			failed.Add(1)
		}
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(chan Absence, 10)
	go watchAbsence(ctx, ask, 10*time.Millisecond, 200*time.Millisecond, func(a Absence) { seen <- a })
	for i := range 2 {
		thaw := make(chan struct{})
		from := time.Now()
		frozen.Store(&thaw)
		awaitNoted(&failed)
		frozen.Store(nil)
		close(thaw)
		to := time.Now()
		a := <-seen
		// A busy machine asks late: how much later it sees the ends is not bounded.
		if d := a.From.Sub(from); d < -20*time.Millisecond || a.From.After(to) {
			t.Errorf("absence %d began %v after it did", i, d)
		}
		if d := a.To.Sub(to); d < -20*time.Millisecond {
			t.Errorf("absence %d ended %v after it did", i, d)
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
	(&Cluster{Client: client}).WatchAbsence(ctx, func(a Absence) { seen = append(seen, a) })
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
