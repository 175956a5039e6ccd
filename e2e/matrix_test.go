//go:build e2e && linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// guarded is a scenario of six or, with a kill, ten seconds.
const guarded = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: guarded}
cluster: {local: {isolation: %s, restartDelay: 3s}}
redis:
  auth: {enabled: true, passwordEnv: SLOTSTORM_E2E_PASSWORD%s}
  tls: {enabled: %v, mutual: %v}
  config: {cluster-node-timeout: 1000, repl-diskless-sync-delay: 0}
workload:
  rate: 100
  warmup: 1s
  client: {type: %s}
  keys: {count: 1000}
  prefill: {keys: 100%%}
  audit: {rate: 50, reads: 20}
timeline:
  phases: [{name: calm, duration: 2s}, {name: then, duration: %s}]
`

const killedOnce = `  faults: [{name: kill, at: 2s, kill: {target: primary of shard 0}}]
`

// TestEveryWayOfSecurityInEveryPlace runs both clients, with their prefill, audit, probes and
// polls, against clusters of each place with each way of login and encryption, and looks for
// the secrets in all that the runs print and leave. Half of them lose a primary.
func TestEveryWayOfSecurityInEveryPlace(t *testing.T) {
	ways := []struct {
		name        string
		tls, mutual bool
		user        string
	}{
		{"AUTH", false, false, ""},
		{"ACL user", false, false, ", user: app"},
		{"TLS", true, false, ""},
		{"mutual TLS and ACL user", true, true, ", user: app"},
	}
	// More than two at once would wait for processors while they form their clusters.
	slots := make(chan struct{}, 2)
	for i, way := range ways {
		for j, isolation := range []string{"none", "namespaces"} {
			for k, client := range []string{"go-redis", "wire"} {
				t.Run(way.name+"/"+isolation+"/"+client, func(t *testing.T) {
					t.Parallel()
					slots <- struct{}{}
					defer func() { <-slots }()
					kill, then, faults := (i+j+k)%2 == 0, "2s", ""
					if kill {
						then, faults = "7s", killedOnce
					}
					runGuarded(t, fmt.Sprintf(guarded, isolation, way.user, way.tls, way.mutual, client, then)+faults, way.user != "", kill)
				})
			}
		}
	}
}

func runGuarded(t *testing.T, yaml string, user, kill bool) {
	const password = `pass w0rd"of\e2e`
	s := newSandbox(t)
	if err := os.WriteFile(filepath.Join(s.dir, "work", "guarded.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, out, errs := s.command("run", "guarded.yaml")
	cmd.Env = append(cmd.Environ(), "SLOTSTORM_E2E_PASSWORD="+password)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, cmd, errs)
	b, err := results.Load(s.bundle())
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, errs)
	}
	passed(t, cmd.ProcessState.ExitCode(), b.Run.Summary)
	want := results.AuthPassword
	if user {
		want = results.AuthUser
	}
	if got := b.Run.Environment.Auth; got != want {
		t.Errorf("authentication is %q, want %q", got, want)
	}
	if n := len(b.Run.Summary.Failovers); kill && n != 1 || !kill && n != 0 {
		t.Errorf("%d failovers", n)
	}
	if a := b.Run.Audit; a == nil || a.OK < 50 || a.ReadBack != a.Writes {
		t.Errorf("audit: %+v", a)
	}
	if !b.Run.HealthyAfter {
		t.Error("the cluster is not whole in the end")
	}
	for _, text := range []string{out.String(), errs.String()} {
		if strings.Contains(text, "w0rd") {
			t.Errorf("the password is printed:\n%s", text)
		}
	}
	err = filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("w0rd")) || bytes.Contains(text, []byte("PRIVATE KEY")) {
			t.Errorf("%s holds a secret", path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
