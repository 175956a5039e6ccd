package runner

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer/processes"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// atStage calls act when a stage begins.
type atStage struct {
	stage string
	act   func()
	once  sync.Once
}

func (a *atStage) Observe(p Progress) {
	if p.Stage == a.stage {
		a.once.Do(a.act)
	}
}

// The folder of a run whose keys could not be removed stays: recover needs it.
func TestTheFolderOfARunThatLeavesKeysIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	beside(t)
	their, err := processes.Deploy(t.Context(), processes.Options{
		Room: local.Room{Why: "a test"}, Volumes: t.TempDir(), Logs: t.TempDir(), Emit: func(results.Event) {},
		Redis: scenarios.Redis{Binary: "redis-server", Shards: 3, Config: map[string]string{"cluster-node-timeout": "2000"}, Auth: &scenarios.Auth{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = their.Remove(false) })
	seed := their.Nodes[0].Addr
	s, err := scenarios.Parse("test.yaml", []byte(strings.NewReplacer(
		"cluster: {local: {isolation: none, restartDelay: 4s}}", "cluster: {provider: attach, attach: {seeds: [\""+seed+"\"]}}",
		"redis: {auth: {enabled: false}, config: {cluster-node-timeout: 1000, repl-diskless-sync-delay: 0}}", "",
		"keys: {count: 1000}", "keys: {count: 3000000}\n  prefill: {keys: 3000000}",
	).Replace(small)+threeCalmSeconds))
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	o := &atStage{stage: "prefill", act: func() {
		for _, n := range their.Nodes {
			cl := redis.NewClient(&redis.Options{Addr: n.Addr})
			if err := errors.Join(cl.Do(t.Context(), "ACL", "SETUSER", "default", "-scan").Err(), cl.Close()); err != nil {
				t.Error(err)
			}
		}
		close(stop)
	}}
	root := t.TempDir()
	_, err = Run(t.Context(), s, Options{Root: root, Own: seed, Stop: stop, Observer: o})
	if !errors.Is(err, errLeft) || !strings.Contains(err.Error(), "slotstorm recover small-") {
		t.Errorf("the error is %v", err)
	}
	for _, file := range []string{results.JournalFile, "scenario.yaml"} {
		if list, err := filepath.Glob(filepath.Join(root, "small-*", file)); err != nil || len(list) != 1 {
			t.Errorf("%s: %v %v", file, list, err)
		}
	}
	if left, err := os.ReadDir(root); err != nil || len(left) != 1 {
		t.Errorf("left: %v %v", left, err)
	}
}
