package site

import (
	"bytes"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// TestAKindClusterTakesTheImageThatIsNamed: only a program for Linux without shared libraries
// can be packed into one.
func TestAKindClusterTakesTheImageThatIsNamed(t *testing.T) {
	t.Parallel()
	const named = "example.com/slotstorm:v1"
	text := "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: test}\ncluster: {provider: kind, kube: {generatorImage: \"" + named + "\"}}\ntimeline: {phases: [{name: steady, duration: 10s}]}\n"
	s, err := scenarios.Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Manifests(s)
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	if err := pods.WriteManifests(&written, objects); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(written.String(), "image: "+named+"\n") || strings.Contains(written.String(), "localhost/slotstorm") {
		t.Error(written.String())
	}
}
