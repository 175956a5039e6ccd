package kube

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	place "github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/scenarios"
)

var update = flag.Bool("update", false, "write the goldens anew")

// TestManifests are what is applied, with a password and TLS, and no secret in it.
func TestManifests(t *testing.T) {
	ns, objects := place.Planned(place.TakeOptions{RunID: "run-00000000T000000Z-0000"})
	o := Options{Namespace: ns, StorageClass: "fast", PullSecret: "pull", Redis: scenarios.Redis{
		Image: "redis:8.0", Shards: 3, ReplicasPerShard: 1, HandOver: true, Config: map[string]string{"appendonly": "yes"},
		Storage: &scenarios.Storage{Size: "2Gi"}, Resources: &scenarios.Resources{CPU: "500m", Memory: "512Mi"},
		Auth: &scenarios.Auth{Enabled: true}, TLS: &scenarios.TLS{Enabled: true},
	}}
	planned := o.Plan(GeneratorPlan{Count: 2, Image: "slotstorm:test", Args: []string{"generate"}, Port: GeneratorPort, Patience: 60e9})
	var text bytes.Buffer
	if err := WriteManifests(&text, append(objects, planned.Objects()...)); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "manifests.yaml")
	if *update {
		if err := os.WriteFile(golden, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("the manifests have changed; look, and write them anew with -update:\n%s", text.String())
	}
	secrets := 0
	for document := range strings.SplitSeq(text.String(), "---\n") {
		if !strings.Contains(document, "\nkind: Secret\n") {
			continue
		}
		secrets++
		_, data, _ := strings.Cut(document, "\ndata:\n")
		for line := range strings.Lines(data) {
			if strings.HasPrefix(line, "  ") && !strings.HasSuffix(line, ": \"\"\n") {
				t.Errorf("a secret's value is printed: %s", line)
			}
			if !strings.HasPrefix(line, "  ") {
				break
			}
		}
	}
	if secrets != 2 {
		t.Errorf("%d secrets, not 2:\n%s", secrets, text.String())
	}
}
