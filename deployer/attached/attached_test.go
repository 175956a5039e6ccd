package attached

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// theirs is a cluster that somebody else deployed, without a password.
func theirs(t *testing.T, config map[string]string) *processes.Deployment {
	t.Helper()
	all := map[string]string{"cluster-node-timeout": "2000"}
	for k, v := range config {
		all[k] = v
	}
	d, err := processes.Deploy(t.Context(), processes.Options{
		Room: local.Room{Why: "a test"}, Volumes: t.TempDir(), Logs: t.TempDir(), Emit: func(results.Event) {},
		Redis: scenarios.Redis{Binary: "redis-server", Shards: 3, ReplicasPerShard: 1, Config: all, Auth: &scenarios.Auth{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(false); err != nil {
			t.Error(err)
		}
	})
	return d
}

func options(d *processes.Deployment, run string) Options {
	return Options{Run: run, At: scenarios.AttachedCluster{Seeds: []string{"127.0.0.1:1", d.Nodes[4].Addr}}, Note: func(string) {}}
}

// write sets a key wherever it belongs.
func write(t *testing.T, d *processes.Deployment, key string) {
	t.Helper()
	var errs []error
	for _, n := range d.Nodes {
		cl := d.Client(n, answerLimit)
		err := cl.Set(t.Context(), key, "x", 0).Err()
		cl.Close()
		if err == nil {
			return
		}
		errs = append(errs, err)
	}
	t.Fatal(errors.Join(errs...))
}

func keys(t *testing.T, d *processes.Deployment) []string {
	t.Helper()
	var list []string
	for _, n := range d.Nodes[:3] {
		cl := d.Client(n, answerLimit)
		got, err := cl.Keys(t.Context(), "*").Result()
		cl.Close()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, got...)
	}
	slices.Sort(list)
	return list
}

// A cluster is taken up as it is, by one run at a time, and left as it was.
func TestAClusterIsTakenUpAndLeftAsItWas(t *testing.T) {
	t.Parallel()
	their := theirs(t, map[string]string{"appendonly": "yes"})
	write(t, their, "yours")
	d, err := Attach(t.Context(), options(their, "one"))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range d.Nodes {
		is := their.Nodes[i%3]
		if n.Name != fmt.Sprintf("node-%d", i) || n.Shard != i%3 || i < 3 && n.Addr != is.Addr {
			t.Errorf("node %d is %+v", i, n)
		}
	}
	found := d.Found(scenarios.Redis{Shards: 9, Config: map[string]string{"appendonly": "no"}})
	if found.Shards != 3 || found.ReplicasPerShard != 1 || found.Config["appendonly"] != "yes" || found.NodeTimeout().Seconds() != 2 {
		t.Errorf("found %+v", found)
	}
	if found.Config["stop-writes-on-bgsave-error"] != "yes" || found.Config["busy-reply-threshold"] != "5000" {
		t.Errorf("found %v", found.Config)
	}
	if _, err := Attach(t.Context(), options(their, "two")); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "one uses it") {
		t.Errorf("a second run: %v", err)
	}
	for i := range 50 {
		write(t, their, fmt.Sprint("slotstorm:", i))
	}
	var noted []string
	d.options.Note = func(m string) { noted = append(noted, m) }
	cl := their.Client(their.Nodes[2], answerLimit)
	defer cl.Close()
	if err := cl.ConfigSet(t.Context(), "maxclients", "77").Err(); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(false); err != nil {
		t.Fatal(err)
	}
	if left := keys(t, their); !slices.Equal(left, []string{"yours"}) {
		t.Errorf("left: %v", left)
	}
	if len(noted) != 1 || !strings.Contains(noted[0], `maxclients was "`) || !strings.Contains(noted[0], `is "77"`) {
		t.Errorf("noted: %v", noted)
	}
}

// The keys that a killed run has left keep others away until they are removed.
func TestWhatAKilledRunHasLeft(t *testing.T) {
	t.Parallel()
	their := theirs(t, nil)
	write(t, their, "slotstorm:audit:1")
	write(t, their, "yours")
	if _, err := Attach(t.Context(), options(their, "two")); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "slotstorm recover") {
		t.Errorf("attached over keys of another run: %v", err)
	}
	undo := []deployer.Undo{{Addr: their.Nodes[0].Addr, Command: []scenarios.AnyValue{"CONFIG", "SET", "maxclients", "123"}}}
	if n, err := Clear(t.Context(), options(their, "one"), undo); n != 1 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	cl := their.Client(their.Nodes[0], answerLimit)
	defer cl.Close()
	if got, err := cl.ConfigGet(t.Context(), "maxclients").Result(); err != nil || got["maxclients"] != "123" {
		t.Errorf("undone: %v %v", got, err)
	}
	if left := keys(t, their); !slices.Equal(left, []string{"yours"}) {
		t.Errorf("left: %v", left)
	}
}

func TestAClusterThatEvictsIsRefused(t *testing.T) {
	t.Parallel()
	their := theirs(t, map[string]string{"maxmemory": "50mb", "maxmemory-policy": "allkeys-lru"})
	if _, err := Attach(t.Context(), options(their, "one")); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "allowEviction") {
		t.Errorf("attached: %v", err)
	}
	o := options(their, "one")
	o.At.AllowEviction = true
	d, err := Attach(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(false); err != nil {
		t.Error(err)
	}
}

func TestAClusterThatIsNotWholeIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	their := theirs(t, nil)
	for _, n := range their.Nodes {
		cl := their.Client(n, answerLimit)
		defer cl.Close()
		if err := cl.Do(t.Context(), "CLUSTER", "DELSLOTS", "0").Err(); err != nil && !strings.Contains(err.Error(), "already unassigned") {
			t.Fatal(err)
		}
	}
	if _, err := Attach(t.Context(), options(their, "one")); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "not whole") {
		t.Errorf("attached: %v", err)
	}
}

func TestNodesWithoutAPlaceAreRefused(t *testing.T) {
	t.Parallel()
	primary := func(id string, from, to int) deployer.Member {
		return deployer.Member{ID: id, Addr: id + ":1", Primary: true, Ranges: [][2]int{{from, to}}}
	}
	list := []deployer.Member{primary("b", 6000, 16383), primary("a", 0, 4999), primary("c", 5000, 5999)}
	c, err := clusterOf(append(list, deployer.Member{ID: "r", PrimaryID: "c"}))
	if err != nil || c.Nodes[1].ID != "c" || c.Nodes[3].Shard != 1 || c.ShardOf(5500) != 1 || c.SlotsOf(2).String() != "6000-16383" {
		t.Errorf("%+v %v", c, err)
	}
	for want, members := range map[string][]deployer.Member{
		"serves no slot": append(slices.Clone(list), deployer.Member{ID: "spare", Primary: true}),
		"2 of its nodes": list[:2],
	} {
		if _, err := clusterOf(members); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// Nodes of one cluster may have different configurations: each keeps what it has.
func TestNodesWithTheirOwnConfiguration(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	their := theirs(t, nil)
	set := func(node int, name, value string) {
		cl := their.Client(their.Nodes[node], answerLimit)
		defer cl.Close()
		if err := cl.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set(1, "cluster-node-timeout", "9000")
	set(1, "min-replicas-to-write", "1")
	set(2, "maxclients", "77") // nothing is judged by it
	d, err := Attach(t.Context(), options(their, "one"))
	if err != nil {
		t.Fatal(err)
	}
	if d.Found(scenarios.Redis{}).Config["cluster-node-timeout"] != "2000" {
		t.Errorf("found %v", d.Found(scenarios.Redis{}).Config)
	}
	want := map[string]map[string]string{"node-1": {"cluster-node-timeout": "9000", "min-replicas-to-write": "1"}}
	if diff := deep.Diff(want, d.Config); diff != "" {
		t.Error(diff)
	}
	if err := d.Remove(false); err != nil {
		t.Error(err)
	}
}

// Clouds refuse CONFIG.
func TestAClusterWithoutConfig(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	their := theirs(t, nil)
	for _, n := range their.Nodes {
		cl := their.Client(n, answerLimit)
		defer cl.Close()
		if err := cl.Do(t.Context(), "ACL", "SETUSER", "default", "-config").Err(); err != nil {
			t.Fatal(err)
		}
	}
	o := options(their, "one")
	if _, err := Attach(t.Context(), o); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "redis.config.cluster-node-timeout") {
		t.Errorf("without a stated time-out: %v", err)
	}
	o.Redis.Config = map[string]string{"cluster-node-timeout": "7000"}
	var noted []string
	o.Note = func(m string) { noted = append(noted, m) }
	d, err := Attach(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if found := d.Found(o.Redis); found.Shards != 3 || found.NodeTimeout() != 7*time.Second {
		t.Errorf("found %+v", found)
	}
	if err := d.Remove(false); err != nil || len(noted) != 1 || !strings.Contains(noted[0], "is taken from the scenario") {
		t.Errorf("%v, noted %q", err, noted)
	}
}

func TestASeedThatDoesNotAnswerIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	o := Options{At: scenarios.AttachedCluster{Seeds: []string{"127.0.0.1:1"}}}
	if _, err := Attach(t.Context(), o); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Error(err)
	}
	their := theirs(t, nil)
	cl := redis.NewClient(&redis.Options{Addr: their.Nodes[0].Addr})
	defer cl.Close()
	if err := cl.ConfigSet(t.Context(), "requirepass", "s3cret").Err(); err != nil {
		t.Fatal(err)
	}
	o.At.Seeds = []string{their.Nodes[0].Addr}
	if _, err := Attach(t.Context(), o); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("without the password: %v", err)
	}
}

// leaseOf writes who has the cluster.
func leaseOf(t *testing.T, d *deployer.Cluster, run string) {
	t.Helper()
	err := (&lease{cluster: d}).at(t.Context(), func(cl *redis.Client) error { return cl.Set(t.Context(), leaseKey, run, leaseLife).Err() })
	if err != nil {
		t.Fatal(err)
	}
}

// has is the run that has the cluster.
func has(t *testing.T, d *deployer.Cluster) (run string) {
	t.Helper()
	err := (&lease{cluster: d}).at(t.Context(), func(cl *redis.Client) (err error) {
		run, err = cl.Get(t.Context(), leaseKey).Result()
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return run
}

// The keys of a run stay while it uses the cluster, whatever is recovered.
func TestARunIsNotClearedForAnother(t *testing.T) {
	t.Parallel()
	their := theirs(t, nil)
	two, err := Attach(t.Context(), options(their, "two"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, their, "slotstorm:two")
	undo := []deployer.Undo{{Addr: their.Nodes[0].Addr, Command: []scenarios.AnyValue{"CONFIG", "SET", "maxclients", "123"}}}
	if n, err := Clear(t.Context(), options(their, "one"), undo); n != 0 || !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "two uses it") {
		t.Errorf("%d removed, %v", n, err)
	}
	if left := keys(t, their); !slices.Contains(left, "slotstorm:two") || has(t, two.Cluster) != "two" {
		t.Errorf("left: %v, and the lease is %q", left, has(t, two.Cluster))
	}
	cl := their.Client(their.Nodes[0], answerLimit)
	defer cl.Close()
	if got, err := cl.ConfigGet(t.Context(), "maxclients").Result(); err != nil || got["maxclients"] == "123" {
		t.Errorf("undone under a run: %v %v", got, err)
	}
	if err := two.Remove(false); err != nil {
		t.Error(err)
	}
}

// A run that has lost its lease to another one leaves it and its keys alone, and ends.
func TestALostLeaseIsNotTakenBack(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	their := theirs(t, nil)
	lost := make(chan error, 1)
	o := options(their, "one")
	d, err := Attach(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.lease.release(); err != nil {
		t.Fatal(err)
	}
	leaseOf(t, d.Cluster, "two")
	write(t, their, "slotstorm:two")
	d.lease.lost = func(err error) { lost <- err }
	d.lease.keep(10 * time.Millisecond)
	select {
	case err := <-lost:
		if !errors.Is(err, errTaken) || !strings.Contains(err.Error(), "two uses it") {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the loss is not noticed")
	}
	if err := d.Remove(false); !errors.Is(err, errTaken) || !strings.Contains(err.Error(), "are not removed") {
		t.Errorf("removed: %v", err)
	}
	if left := keys(t, their); !slices.Contains(left, "slotstorm:two") || has(t, d.Cluster) != "two" {
		t.Errorf("left: %v, and the lease is %q", left, has(t, d.Cluster))
	}
}

// An expired lease is taken again: the run has not ended.
func TestAnExpiredLeaseIsTakenAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	their := theirs(t, nil)
	d, err := Attach(t.Context(), options(their, "one"))
	if err != nil {
		t.Fatal(err)
	}
	err = d.lease.at(t.Context(), func(cl *redis.Client) error { return cl.Del(t.Context(), leaseKey).Err() })
	if err := errors.Join(err, d.lease.extend(t.Context())); err != nil || has(t, d.Cluster) != "one" {
		t.Errorf("%v, and the lease is %q", err, has(t, d.Cluster))
	}
	if err := d.Remove(false); err != nil {
		t.Error(err)
	}
}

// Nodes of IPv6 and nodes with host names are found by what they announce.
func TestSeedsAnnounceIPv6AndNames(t *testing.T) {
	t.Parallel()
	members, err := deployer.ParseNodes(strings.Join([]string{
		"a fd00::1:6379@16379,redis-a.example.com myself,master - 0 0 1 connected 0-5460",
		"b fd00::2:6379@16379 master - 0 0 2 connected 5461-10922",
		"c 10.0.0.3:6380@16380,unknown.example.com master - 0 0 3 connected 10923-16383",
	}, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := clusterOf(members)
	if err != nil {
		t.Fatal(err)
	}
	name := announced(c, members)
	preferNames(t.Context(), c, members, func(_ context.Context, host string) ([]string, error) {
		if host != "redis-a.example.com" {
			return nil, errors.New("no such host")
		}
		return []string{"fd00::1"}, nil
	})
	for i, want := range []string{"redis-a.example.com:6379", "[fd00::2]:6379", "10.0.0.3:6380"} {
		if c.Nodes[i].Addr != want {
			t.Errorf("node %d is dialled at %s, want %s", i, c.Nodes[i].Addr, want)
		}
	}
	for addr, want := range map[string]string{
		"redis-a.example.com:6379": "node-0", "[fd00::1]:6379": "node-0", "[fd00::2]:6379": "node-1", "10.0.0.3:6380": "node-2", "unknown.example.com:6380": "node-2", "10.0.0.9:6379": "",
	} {
		if got, ok := name(addr); got != want || ok != (want != "") {
			t.Errorf("%s is announced by %q", addr, got)
		}
	}
}

// All primaries are scanned at once: a key space may be large.
func TestPrimariesAreScannedAtOnce(t *testing.T) {
	t.Parallel()
	their := theirs(t, nil)
	d, err := Attach(t.Context(), options(their, "one"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 { // some in each primary
		write(t, their, fmt.Sprint("slotstorm:", i))
	}
	var mu sync.Mutex
	met, all := map[*redis.Client]bool{}, make(chan struct{})
	err = own(t.Context(), d.Cluster, nil, func(cl *redis.Client, _ []string) error {
		mu.Lock()
		if met[cl] = true; len(met) == 3 {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
			return nil
		case <-time.After(20 * time.Second):
			return errors.New("alone")
		}
	})
	if err != nil {
		t.Error(err)
	}
	failed := errors.New("failed")
	if err := own(t.Context(), d.Cluster, nil, func(*redis.Client, []string) error { return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if err := d.Remove(false); err != nil {
		t.Error(err)
	}
}

// A user that may not renew the lease is refused before the run, and leaves none.
func TestALeaseThatCannotBeRenewed(t *testing.T) {
	t.Parallel()
	their := theirs(t, nil)
	for _, n := range their.Nodes {
		cl := their.Client(n, answerLimit)
		defer cl.Close()
		if err := cl.Do(t.Context(), "ACL", "SETUSER", "default", "-expire").Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Attach(t.Context(), options(their, "one")); err == nil || !strings.Contains(err.Error(), "extending the lease: NOPERM") {
		t.Errorf("attached: %v", err)
	}
	if left := keys(t, their); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
