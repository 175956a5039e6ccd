package native

import (
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// votingRoles are three primaries; the first has a replica in sync.
func votingRoles() []deployer.Role {
	var list []deployer.Role
	for shard, name := range []string{"redis-0", "redis-2", "redis-3"} {
		slots := results.Slots{{First: 100 * shard, Last: 100*shard + 99}}
		list = append(list, deployer.Role{Node: deployer.Node{Name: name, Shard: shard}, Primary: true, Slots: slots})
	}
	return append(list, deployer.Role{Node: deployer.Node{Name: "redis-1"}, LinkUp: true})
}

// A primary that would be back empty under its old identity before a replica takes over is
// spared, because its replicas would copy that.
func TestAPrimaryThatForgetsItsDataIsSpared(t *testing.T) {
	t.Parallel()
	mounts := map[string]bool{"/data": true, "/tmp": false}
	config := func(change ...string) map[string]string {
		c := map[string]string{"dir": "/data", "cluster-config-file": "nodes.conf", "cluster-node-timeout": "5000", "appendonly": "no", "save": ""}
		for i := 0; i < len(change); i += 2 {
			c[change[i]] = change[i+1]
		}
		return c
	}
	away := &scenarios.Away{}
	for name, tc := range map[string]struct {
		config map[string]string
		mounts map[string]bool
		spec   scenarios.Kill
		away   time.Duration
		want   string
	}{
		"nothing saved":            {config: config(), want: "redis-0 can be back as the same node without its data (appendonly no, save is empty) before a replica takes over, and its replicas would copy that: its data can be lost for good; set kill.away to 12s or more, or cluster.attach.allowLastCopy permits that"},
		"an append-only file":      {config: config("appendonly", "yes")},
		"a file elsewhere":         {config: config("appendonly", "yes", "dir", "/tmp", "cluster-config-file", "/data/nodes.conf"), want: "/tmp is not on a volume"},
		"a new identity":           {config: config("dir", "/tmp")},
		"old snapshots":            {config: config("save", "3600 1"), want: "last snapshot"},
		"a snapshot at the end":    {config: config("save", "3600 1"), spec: scenarios.Kill{Signal: "SIGTERM"}},
		"no snapshot at the end":   {config: config("save", "3600 1", "shutdown-on-sigterm", "nosave"), spec: scenarios.Kill{Signal: "SIGTERM"}, want: "last snapshot"},
		"CONFIG refused":           {want: "CONFIG GET does not say"},
		"CONFIG refused, no files": {mounts: map[string]bool{"/tmp": false}},
		"away too shortly":         {config: config(), spec: scenarios.Kill{Away: away}, away: 11 * time.Second, want: "set kill.away to 12s"},
		"away for long enough":     {config: config(), spec: scenarios.Kill{Away: away}, away: 12 * time.Second},
	} {
		pod := pods.Pod{Name: "redis-0", UID: "u0", Running: true, Mounts: mounts}
		if tc.mounts != nil {
			pod.Mounts = tc.mounts
		}
		tc.spec.Target = scenarios.Target{Role: scenarios.Primary, By: scenarios.ByShard}
		k := killOf(&owner{now: pod}, tc.spec, tc.away)
		k.config, k.nodeTimeout = map[string]map[string]string{"redis-0": tc.config}, 5*time.Second
		_, err := k.Check(t.Context(), votingRoles())
		if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		k.lastCopy = true
		if _, err := k.Check(t.Context(), votingRoles()); err != nil {
			t.Errorf("%s, permitted: %v", name, err)
		}
	}
}

// Being away helps only where a replica can take over.
func TestElectable(t *testing.T) {
	t.Parallel()
	behind := votingRoles()
	behind[3].LinkUp = false
	for name, tc := range map[string]struct {
		roles  []deployer.Role
		hit    []string
		config map[string]map[string]string
		want   bool
	}{
		"alone":                 {votingRoles(), []string{"redis-0"}, nil, true},
		"without a majority":    {votingRoles(), []string{"redis-0", "redis-2"}, nil, false},
		"with its replica":      {votingRoles(), []string{"redis-0", "redis-1"}, nil, false},
		"its replica is behind": {behind, []string{"redis-0"}, nil, false},
		"its replica may not":   {votingRoles(), []string{"redis-0"}, map[string]map[string]string{"redis-1": {"cluster-replica-no-failover": "yes"}}, false},
	} {
		if got := electable(tc.roles, tc.hit, 0, tc.config); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
