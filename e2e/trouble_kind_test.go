//go:build e2e && kind && linux

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// troubleLimit bounds a run that cannot come up, from its start to its end: the
// images' loading, 30 s from the event to the answer, and the removal.
const troubleLimit = 4 * time.Minute

// TestKindTrouble expects one line that names the cause where Kubernetes cannot start the
// pods.
func TestKindTrouble(t *testing.T) {
	for name, set := range map[string]string{
		"storage-class": "redis.storage.class=fast",
		"image":         "redis.image=redis:99.9",
		"cpu":           `redis.resources.cpu="64"`,
		"crash":         "redis.config.no-such-directive=yes",
	} {
		t.Run(name, func(t *testing.T) {
			s, cluster, kubectl := onKube(t, brief)
			before := look(t, s.dir)
			began := time.Now()
			code, out, errs := s.run("run", "scenario.yaml", "--set", "cluster.kind.name="+cluster, "--set", set)
			if code != 3 || out != "" {
				t.Errorf("exit code %d, standard output %q", code, out)
			}
			if took := time.Since(began); took > troubleLimit {
				t.Errorf("it took %v", took)
			}
			complains(t, name, errs)
			// A class that does not exist is refused before anything is made.
			namespace := regexp.MustCompile(`slotstorm-\d{8}t\d{6}z-[0-9a-f]{4}`).FindString(errs)
			if (namespace == "") != (name == "storage-class") {
				t.Fatalf("the namespace that is named is %q: %s", namespace, errs)
			}
			if namespace != "" {
				if left := kubectl("", "get", "namespace", namespace, "--ignore-not-found", "-o", "name"); left != "" {
					t.Errorf("left behind: %s", left)
				}
			}
			if err := os.Remove(filepath.Join(s.dir, "work", "scenario.yaml")); err != nil {
				t.Fatal(err)
			}
			s.nothingRemains(before)
		})
	}
}

// TestKindExpiredToken expects the message that the credentials are not accepted. The
// API server gives the same answer to an expired token and to one that never was valid.
func TestKindExpiredToken(t *testing.T) {
	s, _, kubectl := onKube(t, brief)
	var config map[string]any
	if err := json.Unmarshal([]byte(kubectl("", "config", "view", "--raw", "-o", "json")), &config); err != nil {
		t.Fatal(err)
	}
	config["users"].([]any)[0].(map[string]any)["user"] = map[string]any{"token": "expired"}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, out, errs := s.command("run", "scenario.yaml", "--cluster", "kube", "--set", "cluster.kube.generatorImage=slotstorm:none")
	cmd.Env = append(cmd.Env, "KUBECONFIG="+file)
	err = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 3 || out.Len() > 0 {
		t.Errorf("exit code %d (%v), standard output %q", code, err, out)
	}
	complains(t, "expired-token", strings.ReplaceAll(errs.String(), config["current-context"].(string), "CONTEXT"))
}
