package runner

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

const secured = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: secured}
seed: 3
cluster: {local: {isolation: none, restartDelay: 3s}}
redis:
  auth: {enabled: true, passwordEnv: SLOTSTORM_TEST_PASSWORD}
  tls: {enabled: true}
  config: {cluster-node-timeout: 1000}
workload:
  rate: 100
  warmup: 1s
  client: CLIENT
  keys: {count: 1000}
  audit: {rate: 50}
timeline:
  phases: [{name: calm, duration: 2s}, {name: failure, duration: 8s}]
  faults: [{name: kill, at: 2s, kill: {target: primary of shard 0}}]
`

// Both clients, the audit, the probes and the failover work through TLS with a
// password, on the client port and on the bus; and the password is in no file.
func TestAFailoverThroughTLSWithAPassword(t *testing.T) {
	const password = `s3cret "with\ all`
	t.Setenv("SLOTSTORM_TEST_PASSWORD", password)
	for _, client := range []string{"{options: {clusterStateReloadInterval: 1s}}", "{type: wire}"} {
		t.Run(client, func(t *testing.T) {
			in := &intruder{t: t, root: t.TempDir(), at: "phase: calm"}
			in.act = func(in *intruder) {
				confs, err := filepath.Glob(filepath.Join(in.root, "*", results.VolumesDir, "node-*", "redis.conf"))
				if err != nil || len(confs) == 0 {
					t.Errorf("no redis.conf: %v", err)
				}
				noSecret(t, filepath.Dir(filepath.Dir(confs[0])), password)
				for _, c := range confs {
					text, err := os.ReadFile(c)
					if err != nil || !bytes.Contains(text, []byte("tls-port ")) || !bytes.Contains(text, []byte("tls-cluster yes")) || !bytes.Contains(text, []byte("tls-replication yes")) {
						t.Errorf("%s does not ask for TLS: %v", c, err)
					}
				}
			}
			r := start(t, strings.Replace(secured, "CLIENT", client, 1), Options{Root: in.root, Observer: &stageObserver{in}})
			if r.Bundle.Run.Environment.Auth != results.AuthPassword {
				t.Errorf("authentication is %q", r.Bundle.Run.Environment.Auth)
			}
			if f := r.Bundle.Run.Faults[0]; f.Status != results.StatusHealed {
				t.Errorf("fault: %s %s", f.Status, f.Reason)
			}
			if !r.Bundle.Run.HealthyAfter || len(r.Summary.Failovers) != 1 {
				t.Errorf("healthy %v, %d failovers", r.Bundle.Run.HealthyAfter, len(r.Summary.Failovers))
			}
			if a := r.Bundle.Run.Audit; a.OK < 200 || a.ReadBack != a.Writes || len(r.Bundle.Findings) != 0 {
				t.Errorf("audit: %+v, %d findings", a, len(r.Bundle.Findings))
			}
			sums, _ := counts(r)
			if c := sums["GET"]; c.OK < 200 {
				t.Errorf("GET: %+v", c)
			}
			noSecret(t, r.Dir, password)
		})
	}
}

// noSecret looks through every file under a folder.
func noSecret(t *testing.T, dir, secret string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte(`s3cret`)) || bytes.Contains(text, []byte("PRIVATE KEY")) {
			t.Errorf("%s holds a secret", path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // a node has replaced it meanwhile
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
