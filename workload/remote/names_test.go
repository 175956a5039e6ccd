package remote

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotstorm/slotstorm/workload/servers"
)

func TestNamesOutliveTheirServer(t *testing.T) { synctest.Test(t, namesOutliveTheirServer) }

func namesOutliveTheirServer(t *testing.T) {
	var asked atomic.Int64 // names are learnt side by side
	addresses, away := map[string]string{"a": "10.0.0.1", "b": "10.0.0.2"}, false
	n := newNames()
	n.lookup = func(ctx context.Context, host string) ([]string, error) {
		asked.Add(1)
		if away {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if addr, ok := addresses[host]; ok {
			return []string{addr}, nil
		}
		return nil, errors.New("no such host")
	}
	is := func(host, want string) {
		t.Helper()
		if got, err := n.resolve(t.Context(), host); got != want || (want == "") != (err != nil) {
			t.Errorf("%s is %q, %v; want %q", host, got, err, want)
		}
	}
	n.learn(t.Context(), target{Shards: [][]servers.Member{{{Addr: "a:1"}}, {{Addr: "b:1"}, {Addr: "c:1"}, {Addr: "10.0.0.9:1"}}}})
	away = true
	is("a", "10.0.0.1")
	is("b", "10.0.0.2")
	if got := asked.Load(); got != 3 {
		t.Errorf("asked %d times for three names that were just asked for", got)
	}
	time.Sleep(askEvery)
	is("a", "10.0.0.1")
	is("a", "10.0.0.1")
	if got := asked.Load(); got != 4 {
		t.Errorf("asked %d times, want one more: what is not answered is not asked again at once", got)
	}
	away = false
	is("c", "")
	addresses["a"] = "10.0.0.7"
	time.Sleep(askEvery)
	is("a", "10.0.0.7")
	away = true
	time.Sleep(askEvery)
	is("a", "10.0.0.7")
	time.Sleep(askEvery)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.resolve(ended, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a dial that was called off gives %v", err)
	}
}

func TestALateFailureKeepsANewerAddress(t *testing.T) {
	synctest.Test(t, aLateFailureKeepsANewerAddress)
}

func aLateFailureKeepsANewerAddress(t *testing.T) {
	n := newNames()
	n.last["a"] = known{addr: "10.0.0.1"}
	hang := true
	n.lookup = func(ctx context.Context, _ string) ([]string, error) {
		if hang {
			hang = false
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return []string{"10.0.0.2"}, nil
	}
	late := make(chan string)
	go func() {
		addr, err := n.resolve(t.Context(), "a")
		if err != nil {
			t.Error(err)
		}
		late <- addr
	}()
	synctest.Wait()
	if addr, err := n.resolve(t.Context(), "a"); addr != "10.0.0.2" || err != nil {
		t.Errorf("the name server says %q, %v", addr, err)
	}
	if addr := <-late; addr != "10.0.0.2" {
		t.Errorf("a lookup in vain goes by %s, which was learnt before", addr)
	}
}
