package scenarios

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestInvalidFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid-*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d invalid files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			s, err := Load(filepath.ToSlash(file))
			var all Errors
			if !errors.As(err, &all) || s != nil {
				t.Fatalf("loaded: %v, %v", s, err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (run with -update when the change is meant)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// A resolved scenario loads again, as an equal one, with nothing left to
// default.
func TestValidFilesSurviveTheRoundTrip(t *testing.T) {
	for _, file := range validFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, s)
		})
	}
}

func roundTrip(t *testing.T, s *Scenario) {
	t.Helper()
	out, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	p, err := parse("resolved.yaml", out, nil, alone)
	again, applied := p.scenario, p.defaults
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(applied) > 0 {
		t.Errorf("defaults after resolving: %v", applied)
	}
	if !reflect.DeepEqual(s, again) {
		t.Errorf("not equal after\n%s\nbefore: %+v\nafter: %+v", out, s, again)
	}
}

func TestBuiltinScenarios(t *testing.T) {
	var names []string
	for _, b := range Builtin() {
		names = append(names, b.Name)
		s, err := Load("scenarios/elsewhere/" + b.Name + ".yaml")
		if err != nil {
			t.Errorf("%s: %v", b.Name, err)
			continue
		}
		if s.Metadata.Name != b.Name || b.Description == "" {
			t.Errorf("%s is named %q and described %q", b.Name, s.Metadata.Name, b.Description)
		}
		if !strings.HasPrefix(string(b.Data), "# yaml-language-server: $schema="+schemaFile+"\n") {
			t.Errorf("%s does not name its schema", b.Name)
		}
		// With a lag of 1 s a healthy shard refuses writes now and then, and 0 disables it.
		if harm := regexp.MustCompile(`min-replicas-max-lag[=: ]+"?[01]\b`).Find(b.Data); harm != nil {
			t.Errorf("%s advises %s", b.Name, harm)
		}
	}
	if got := strings.Join(names, " "); got != "all-pods-restart client-profiles cross-zone disk-error disk-full durability-matrix empty-primary flaky-link graceful-versus-crash kill-primary kill-primary-repeat majorities-ring majority-down node-drain partition-minority partition-primary pause-primary pod-restart power-loss primary-and-replica region-latency reshard reshard-and-crash rolling-restart scale-in scale-out slow-disk slow-network-false-failover steady thin-replica-link upgrade upgrade-rollback" {
		t.Errorf("built-in: %s", got)
	}
}

func TestTheReadmeNamesEveryScenario(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range Builtin() {
		if !strings.Contains(string(readme), "`"+b.Name+"`") {
			t.Errorf("README.md does not name %s", b.Name)
		}
	}
}

func TestLoadOfNothing(t *testing.T) {
	for name, hint := range map[string]string{
		"kil-primary":          "did you mean the built-in kill-primary?",
		"no/such/thing.yaml":   "'slotstorm list scenarios' lists the built-in scenarios",
		"scenarios/steady.yml": "did you mean the built-in steady?",
	} {
		_, err := Load(name)
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load("testdata"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder: %v", err)
	}
}

// TestLoadIsBounded: what is too large, or no file, is refused without being read.
func TestLoadIsBounded(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(large, bytes.Repeat([]byte("\n"), maxBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{large: "has 1048577 bytes, and a scenario has at most 1048576", "/dev/zero": "/dev/zero is a device", t.TempDir(): "is a folder"} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gives %v", path, err)
		}
	}
}
