package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/slotstorm/slotstorm/internal/scripttest"
)

// pathWith makes a PATH of one folder with these programs: name and what it
// prints.
func pathWith(t *testing.T, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, says := range programs {
		scripttest.Write(t, filepath.Join(dir, name), fmt.Sprintf("echo '%s'", says))
	}
	t.Setenv("PATH", dir)
}

// diagnose runs doctor and gives its findings by name.
func diagnose(t *testing.T, b *bench) (exitCode, map[string]finding) {
	t.Helper()
	code, stdout, stderr := b.do("doctor", "--json")
	var list []finding
	if err := json.Unmarshal([]byte(stdout), &list); err != nil {
		t.Fatalf("%v: %s\n%s", err, stdout, stderr)
	}
	found := map[string]finding{}
	for _, f := range list {
		found[f.Name] = f
	}
	return code, found
}

func TestDoctorJudgesRedis(t *testing.T) {
	for _, tt := range []struct {
		says   string
		status status
		code   exitCode
	}{
		{"Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1", statusOK, exitOK},
		{"Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64 build=1", statusWarn, exitOK},
		{"Redis server v=6.0.16 sha=00000000:0 malloc=libc bits=64 build=1", statusFail, exitEnvironment},
		{"Redis server v=10.0.0 sha=00000000:0 malloc=libc bits=64 build=1", statusOK, exitOK},
		{"Valkey server v=8.1.1 sha=00000000:0 malloc=libc bits=64 build=1", statusOK, exitOK},
		{"hello", statusFail, exitEnvironment},
	} {
		pathWith(t, map[string]string{"redis-server": tt.says})
		code, found := diagnose(t, newBench(t))
		if f := found["redis-server"]; f.Status != tt.status || code != tt.code || (f.Mend == "") != (tt.status == statusOK) {
			t.Errorf("%q: exit code %d, %+v", tt.says, code, f)
		}
	}
}

func TestDoctorWithoutRedis(t *testing.T) {
	pathWith(t, nil)
	code, found := diagnose(t, newBench(t))
	if f := found["redis-server"]; code != exitEnvironment || f.Status != statusFail || f.Mend == "" {
		t.Errorf("exit code %d, %+v", code, f)
	}
	if f := found["docker"]; f.Status != statusWarn {
		t.Errorf("docker without docker: %+v", f)
	}
	for _, name := range []string{"namespaces", "nftables", "cores"} {
		if _, ok := found[name]; !ok {
			t.Errorf("nothing about %s in %v", name, found)
		}
	}
}

func TestDoctorText(t *testing.T) {
	pathWith(t, map[string]string{
		"redis-server": "Redis server v=6.2.14 sha=0",
		"docker":       "client 28.1.0, server 28.1.0",
	})
	_, stdout, _ := newBench(t).do("doctor")
	contains(t, stdout,
		"warn  redis-server   Redis 6.2.14 at ", "7.0 or later is recommended\n", "fix: ",
		"ok    docker         client 28.1.0, server 28.1.0\n")
}

func TestDoctorKubeconfig(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		text   string
		status status
		says   string
	}{
		{"current-context: kind-demo\n", statusOK, "context kind-demo"},
		{"contexts: []\n", statusWarn, "no current context"},
		{"a: [\n", statusWarn, "not a kubeconfig"},
		{"", statusWarn, "no current context"},
	} {
		path := filepath.Join(dir, "config")
		if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		b := newBench(t)
		b.env["KUBECONFIG"] = filepath.Join(dir, "none") + string(filepath.ListSeparator) + path
		f := b.checkKubeconfig(t.Context())
		if f.Status != tt.status {
			t.Errorf("%q: %+v", tt.text, f)
		}
		contains(t, f.Detail, tt.says)
	}
}
