//go:build unix

package bounded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var ten = Bound{What: "a scenario", Bytes: 10}

func TestRegularFiles(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		size int64
		ok   bool
	}{{0, true}, {10, true}, {11, false}, {100 << 20, false}, {20 << 30, false}} {
		path := filepath.Join(dir, fmt.Sprint(c.size))
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, c.size); err != nil {
			t.Fatal(err)
		}
		data, err := ReadFile(t.Context(), path, ten)
		switch {
		case c.ok && (err != nil || int64(len(data)) != c.size):
			t.Errorf("a file of %d bytes gives %d bytes and %v", c.size, len(data), err)
		case !c.ok && (!errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "a scenario has at most 10")):
			t.Errorf("a file of %d bytes gives %v", c.size, err)
		}
	}
	if _, err := ReadFile(t.Context(), filepath.Join(dir, "none"), ten); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "open ") {
		t.Errorf("a file that does not exist gives %v", err)
	}
}

// TestRefused: none of these may be opened, because a device may act on that.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		"/dev/zero": "/dev/zero is a device", "/dev/tty": "/dev/tty is a device", "/dev/null": "/dev/null is a device",
		link: link + " is a device", dir: dir + " is a folder",
	} {
		for _, try := range []func() error{
			func() error { _, err := ReadFile(t.Context(), path, ten); return err },
			func() error { return ten.Check(path) },
		} {
			if err := try(); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s gives %v", path, err)
			}
		}
	}
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// feed writes parts into the FIFO at path, and closes it.
func feed(t *testing.T, path string, parts ...string) {
	t.Helper()
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		for _, part := range parts {
			_, _ = f.WriteString(part) // a reader that has seen enough closes
		}
	}()
}

func TestPipeWithWriter(t *testing.T) {
	for _, c := range []struct {
		parts []string
		want  string
	}{{nil, ""}, {[]string{"abc"}, "abc"}, {[]string{"abc", "def", "ghij"}, "abcdefghij"}} {
		path := fifo(t)
		feed(t, path, c.parts...)
		if data, err := ReadFile(t.Context(), path, ten); err != nil || string(data) != c.want {
			t.Errorf("%q gives %q and %v", c.parts, data, err)
		}
	}
}

func TestPipeThatNeverEnds(t *testing.T) {
	path := fifo(t)
	feed(t, path, strings.Repeat("x", 1<<20))
	if _, err := ReadFile(t.Context(), path, ten); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a pipe with 1 MiB gives %v", err)
	}
}

func TestPipeWithoutWriter(t *testing.T) {
	b := ten
	b.Patience = time.Millisecond
	if _, err := ReadFile(t.Context(), fifo(t), b); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "did not end within 1ms") {
		t.Errorf("a pipe without a writer gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadFile(ctx, fifo(t), ten); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait for a writer gives %v", err)
	}
}

// TestWriterThatHangs holds the FIFO open and writes nothing.
func TestWriterThatHangs(t *testing.T) {
	path := fifo(t)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := ReadFile(ctx, path, ten); !errors.Is(err, context.Canceled) {
		t.Errorf("a writer that hangs gives %v", err)
	}
}
