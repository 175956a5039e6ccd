package attached

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/scenarios"
)

// inPods are servers of this machine as pods: redis-0, redis-1 ...
type inPods struct {
	addrs   map[string]string
	secrets map[string]string
	// known are the addresses that pods announce, where they are not their own.
	known map[string]string
}

func (p *inPods) Announce(pod string, addrs ...string) {
	for _, addr := range addrs {
		if p.known != nil {
			p.known[addr] = pod
		}
	}
}

func podsOf(list ...*processes.Deployment) *inPods {
	p := &inPods{addrs: map[string]string{}, secrets: map[string]string{}}
	for _, d := range list {
		for _, n := range d.Nodes {
			p.addrs[fmt.Sprint("redis-", len(p.addrs))] = n.Addr
		}
	}
	return p
}

func (p *inPods) Running() (map[string]string, error) {
	if len(p.addrs) == 0 {
		return nil, errors.New("no pods have the labels")
	}
	list := map[string]string{}
	for name := range p.addrs {
		list[name] = name + ":6379"
	}
	return list, nil
}

func (p *inPods) Dial(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if is, ok := p.addrs[host]; ok {
		addr = is
	}
	return d.DialContext(ctx, "tcp", addr)
}

func (p *inPods) Announced(addr string) (string, bool) {
	if name, ok := p.known[addr]; ok {
		return name, true
	}
	for name, is := range p.addrs {
		if is == addr {
			return name, true
		}
	}
	return "", false
}

func (p *inPods) Secret(_ context.Context, name, key string) ([]byte, error) {
	value, ok := p.secrets[name+"/"+key]
	if !ok {
		return nil, fmt.Errorf("reading Secret %s: not found", name)
	}
	return []byte(value), nil
}

func podOptions(p *inPods) Options {
	return Options{Run: "one", At: scenarios.AttachedCluster{Namespace: "shop", Selector: "app=redis"}, Pods: p, Note: func(string) {}}
}

// A node is called by its pod, whatever it announces, and has the role that its server says.
func TestNodesArePods(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	their := theirs(t, nil)
	d, err := Attach(t.Context(), podOptions(podsOf(their)))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range d.Nodes {
		if want := fmt.Sprint("redis-", i%3); i < 3 && (n.Name != want || n.Addr != want+":6379" || n.ID != their.Nodes[i].ID || n.Shard != i) {
			t.Errorf("node %d is %+v", i, n)
		}
	}
	if name, ok := d.Announced(their.Nodes[4].Addr); !ok || name != "redis-4" {
		t.Errorf("announced by %q", name)
	}
	write(t, their, "slotstorm:1")
	if err := d.Remove(false); err != nil {
		t.Fatal(err)
	}
	if left := keys(t, their); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// The password comes from a Secret, and is wrong where the servers say so.
func TestAPasswordFromASecret(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	their := theirs(t, nil)
	for _, n := range their.Nodes {
		cl := redis.NewClient(&redis.Options{Addr: n.Addr})
		errs := errors.Join(cl.ConfigSet(t.Context(), "masterauth", "s3cret").Err(), cl.ConfigSet(t.Context(), "requirepass", "s3cret").Err(), cl.Close())
		if errs != nil {
			t.Fatal(errs)
		}
	}
	p := podsOf(their)
	o := podOptions(p)
	o.At.PasswordFrom = &scenarios.SecretEntry{Secret: "redis", Key: "password"}
	for secret, want := range map[string]string{"": "reading Secret redis: not found", "other": "WRONGPASS"} {
		delete(p.secrets, "redis/password")
		if secret != "" {
			p.secrets["redis/password"] = secret
		}
		if _, err := Attach(t.Context(), o); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), want) {
			t.Errorf("with %q: %v", secret, err)
		}
	}
	p.secrets["redis/password"] = "s3cret"
	d, err := Attach(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	// Only the owner of the test's cluster knows no password.
	if err := d.Remove(false); err != nil {
		t.Error(err)
	}
	for _, n := range d.Nodes {
		cl := d.Client(n, answerLimit)
		errs := errors.Join(cl.ConfigSet(t.Context(), "requirepass", "").Err(), cl.Close())
		if errs != nil {
			t.Error(errs)
		}
	}
}

// Pods that are not one cluster, or not all of it, are refused before anything is written.
func TestPodsOfOneClusterAreWanted(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	one, two := theirs(t, nil), theirs(t, nil)
	part := podsOf(one)
	delete(part.addrs, "redis-3")
	for want, p := range map[string]*inPods{
		"are nodes of two clusters": podsOf(one, two),
		"is in none of the pods":    part,
		"no pods have the labels":   podsOf(),
	} {
		_, err := Attach(t.Context(), podOptions(p))
		if !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	if left := append(keys(t, one), keys(t, two)...); len(left) > 0 {
		t.Errorf("written: %v", left)
	}
}

// The user may be named where the password comes from a Secret.
func TestAUserWithAPasswordFromASecret(t *testing.T) {
	t.Parallel()
	p := &inPods{secrets: map[string]string{"redis/password": "s3cret", "redis/user": "other"}}
	o := podOptions(p)
	o.At.PasswordFrom = &scenarios.SecretEntry{Secret: "redis", Key: "password"}
	o.Redis.Auth = &scenarios.Auth{Enabled: true, User: "rehearsal"}
	if s, err := login(t.Context(), o); err != nil || s.Username != "rehearsal" || s.Password != "s3cret" {
		t.Errorf("%+v %v", s, err)
	}
	o.Redis.Auth = nil
	o.At.UsernameFrom = &scenarios.SecretEntry{Secret: "redis", Key: "user"}
	if s, err := login(t.Context(), o); err != nil || s.Username != "other" {
		t.Errorf("%+v %v", s, err)
	}
}

// Nodes may announce addresses that are not their pods': each has to be one of a pod.
func TestAnnouncedAddressesAreThoseOfPods(t *testing.T) {
	t.Parallel()
	of := func(self int, addrs ...string) answer {
		a := answer{pod: fmt.Sprint("redis-", self)}
		for i, addr := range addrs {
			a.members = append(a.members, deployer.Member{ID: fmt.Sprint("id", i), Addr: addr, Self: i == self})
		}
		return a
	}
	const one, two = "203.0.113.1:31001", "203.0.113.1:31002"
	p := &inPods{known: map[string]string{}}
	if err := reachable(p, []answer{of(0, one, two), of(1, one, two)}); err != nil || p.known[one] != "redis-0" || p.known[two] != "redis-1" {
		t.Errorf("%v, known %v", err, p.known)
	}
	p = &inPods{known: map[string]string{}}
	err := reachable(p, []answer{of(0, one, "203.0.113.9:6379"), of(1, one, two)})
	if err == nil || !strings.Contains(err.Error(), "pod redis-0 sends clients of node id1 to 203.0.113.9:6379") {
		t.Error(err)
	}
}
