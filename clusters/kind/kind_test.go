package kind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheMarkIsOnEveryNode also of a configuration that a user wrote, whose own
// mounts stay.
func TestTheMarkIsOnEveryNode(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", "")
	m, err := NewMark("up-20261123T050000Z-ab12", true)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kind.yaml")
	text := "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n  extraMounts: [{hostPath: /srv, containerPath: /srv}]\n- role: worker\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{Nodes: 2, Mark: m}, {Config: file, Mark: m}} {
		config, err := o.config()
		if err != nil || len(config.Nodes) != 2 {
			t.Fatalf("%+v %v", config, err)
		}
		for _, n := range config.Nodes {
			last := n.ExtraMounts[len(n.ExtraMounts)-1]
			if last.ContainerPath != "/etc/slotstorm/up/up-20261123T050000Z-ab12" || last.HostPath != m.Dir || !last.Readonly {
				t.Errorf("%s has %+v", n.Role, n.ExtraMounts)
			}
		}
		if o.Config != "" && config.Nodes[0].ExtraMounts[0].HostPath != "/srv" {
			t.Errorf("the user's mount is gone: %+v", config.Nodes[0])
		}
	}
	if err := m.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(m.Dir); !os.IsNotExist(err) {
		t.Errorf("the mark's folder stays: %v", err)
	}
}

func TestABadConfiguration(t *testing.T) {
	for text, want := range map[string]string{
		"kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnode: []\n": "field node not found",
		"kind: Deployment\napiVersion: apps/v1\n":                       `it has kind "Deployment"`,
		"kind: [": "did not find expected node content",
	} {
		file := filepath.Join(t.TempDir(), "kind.yaml")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := (Options{Config: file}).config(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), file) {
			t.Errorf("%q gives %v, not %s", text, err, want)
		}
	}
}

// TestTheMarksLock is held as long as the maker of a cluster lives, and no longer.
func TestTheMarksLock(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", "")
	m, err := NewMark("run-20261123T050000Z-ab12", false)
	if err != nil {
		t.Fatal(err)
	}
	found := &Mark{RunID: m.RunID, Dir: m.Dir}
	if hold, err := found.Hold(); hold != Held || err != nil {
		t.Errorf("held while the maker lives: %v %v", hold, err)
	}
	desktop := &Mark{RunID: m.RunID, Dir: "/host_mnt" + m.Dir}
	if hold, err := desktop.Hold(); hold != Held || err != nil {
		t.Errorf("held while the maker lives, as Docker Desktop reports it: %v %v", hold, err)
	}
	// A process that dies closes its files.
	if err := m.lock.Close(); err != nil {
		t.Fatal(err)
	}
	if hold, err := found.Hold(); hold != Released || err != nil {
		t.Errorf("held when it has died: %v %v", hold, err)
	}
	foreign := &Mark{RunID: "other", Dir: m.Dir}
	if err := foreign.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(m.Dir); err != nil {
		t.Errorf("a folder that is not the mark's was removed: %v", err)
	}
}

// A lock that cannot be seen proves nothing of its maker.
func TestALockThatIsNotSeen(t *testing.T) {
	t.Parallel()
	run := "run-20261123T050000Z-ab12"
	elsewhere := filepath.Join(t.TempDir(), run)
	for name, dir := range map[string]string{
		"the files of another container": elsewhere,
		"Docker Desktop":                 "/host_mnt" + elsewhere,
		"no folder":                      filepath.Join(os.DevNull, run),
	} {
		if hold, err := (&Mark{RunID: run, Dir: dir}).Hold(); hold != Unseen || err == nil {
			t.Errorf("%s: %v %v", name, hold, err)
		}
	}
}
