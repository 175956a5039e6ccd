package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// output is a file for what processes write.
func output(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestAProcessGetsNoInputBeforeItIsKnown(t *testing.T) {
	h, out := NewHost(), output(t)
	defer h.Close()
	var known Identity
	p, err := h.Start(Spec{Path: "/bin/cat", Dir: "/", Output: out, Input: []byte("secret"), Started: func(id Identity) error {
		known = id
		if raw, err := os.ReadFile(out.Name()); err != nil || len(raw) > 0 {
			t.Errorf("it wrote %q before it was known (%v)", raw, err)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if known.PID != p.PID() || known.Start == 0 {
		t.Errorf("known as %+v", known)
	}
	if raw, err := os.ReadFile(out.Name()); err != nil || string(raw) != "secret" {
		t.Errorf("it read %q: %v", raw, err)
	}
}

func TestAProcessThatCannotBeKnownIsEnded(t *testing.T) {
	h, out := NewHost(), output(t)
	defer h.Close()
	full := errors.New("no space")
	if _, err := h.Start(Spec{Path: "/bin/cat", Dir: "/", Output: out, Input: []byte("secret"), Started: func(Identity) error { return full }}); !errors.Is(err, full) {
		t.Errorf("the error is %v", err)
	}
	if raw, err := os.ReadFile(out.Name()); err != nil || len(raw) > 0 {
		t.Errorf("it read %q: %v", raw, err)
	}
}

func TestASecretIsReadByItsProcessAlone(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	nowhere := func(string) error { return nil }
	memory, err := NewSecret([]byte("key"), nowhere)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := folderSecret([]byte("key"), nowhere)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(folder.folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its folder: %v %v", info.Mode(), err)
	}
	for _, s := range []*Secret{memory, folder} {
		h, out := NewHost(), output(t)
		// Twice: a server reads its key for each of its roles.
		p, err := h.Start(Spec{Path: "/bin/cat", Args: []string{s.Path(), s.Path()}, Dir: "/", Output: out, Secret: s})
		if err != nil {
			t.Fatal(err)
		}
		<-p.Done()
		h.Close()
		if raw, err := os.ReadFile(out.Name()); err != nil || string(raw) != "keykey" {
			t.Errorf("it read %q: %v", raw, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestASecretThatNobodyLearnsOfIsNotKept(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	full := errors.New("no space")
	if _, err := folderSecret([]byte("key"), func(string) error { return full }); !errors.Is(err, full) {
		t.Errorf("the error is %v", err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestRemoveSecretRemovesNothingElse(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"home", secretPrefix + "open", secretPrefix + "full"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, sub, "precious"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, secretPrefix+"open"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "home"), filepath.Join(dir, secretPrefix+"link")); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"home", secretPrefix + "open", secretPrefix + "full", secretPrefix + "link"} {
		if err := RemoveSecret(filepath.Join(dir, sub)); err == nil {
			t.Errorf("%s: no error", sub)
		}
		if _, err := os.Stat(filepath.Join(dir, sub, "precious")); err != nil {
			t.Error(err)
		}
	}
	if err := RemoveSecret(filepath.Join(dir, strings.Repeat("x", 8))); err != nil {
		t.Errorf("one that is gone: %v", err)
	}
}
