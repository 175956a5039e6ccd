package pods

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

func TestDifferences(t *testing.T) {
	there := scenarios.Redis{
		Binary: "redis-server", Image: "redis:7.0", Shards: 3, ReplicasPerShard: 1,
		Config: map[string]string{"appendonly": "yes", "cluster-node-timeout": "5000"},
		Auth:   &scenarios.Auth{Enabled: true, PasswordEnv: "SECRET"},
	}
	same := there
	same.Binary, same.Auth = "/opt/redis-server", &scenarios.Auth{Enabled: true}
	if d := differences(there, same); len(d) > 0 {
		t.Errorf("what does not shape a deployment counts: %q", d)
	}
	here := there
	here.Shards, here.Auth = 5, nil
	here.Config = map[string]string{"cluster-node-timeout": "1000", "save": ""}
	here.Storage = &scenarios.Storage{Size: "2Gi"}
	want := []string{
		"redis.auth.enabled is true there, and not set in the scenario",
		`redis.config.appendonly is "yes" there, and not set in the scenario`,
		`redis.config.cluster-node-timeout is "5000" there, and "1000" in the scenario`,
		`redis.config.save is not set there, and "" in the scenario`,
		"redis.shards is 3 there, and 5 in the scenario",
		`redis.storage.size is not set there, and "2Gi" in the scenario`,
	}
	if got := differences(there, here); !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}
