//go:build e2e && linux

package hostile

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// words are values of fields that have surprised programs before.
var words = []struct{ name, text string }{
	{"negative", "-1"},
	{"two billion", "2000000000"},
	{"beyond int64", "99999999999999999999"},
	{"beyond float64", "1e999"},
	{"octal", "017"},
	{"not a number", ".nan"},
	{"a long text", strings.Repeat("x", 1<<16)},
	{"a title for the terminal", "\x1b]0;owned\a\x1b[2J"},
	{"right to left", "\u202etxt.exe\u2066"},
	{"invisible", "a\u200bb\u00adc\ufeff"},
	{"invalid UTF-8", "\xff\xfe\xed\xa0\x80"},
	{"a line break", "a\r\nb: c\n- d"},
	{"shell", "$(touch canary); `touch canary` | touch canary"},
	{"path", "../../../../../../etc/passwd"},
	{"markup", "<script>alert(1)</script>![x](http://127.0.0.1:1/x)[y](javascript:alert(1))"},
	{"a null byte", "a\x00b"},
}

// forms are what a path can be in place of the file that it should be.
var forms = []struct {
	name string
	// put makes the form at path; text is what the file should hold, canary a file
	// of the user's.
	put func(t *testing.T, path, text, canary string)
}{
	{"missing", func(*testing.T, string, string, string) {}},
	{"empty", func(t *testing.T, path, _, _ string) { write(t, path, "") }},
	{"cut", func(t *testing.T, path, text, _ string) { write(t, path, text[:len(text)/2]) }},
	{"zeros", func(t *testing.T, path, _, _ string) { write(t, path, strings.Repeat("\x00", 1<<16)) }},
	{"noise", func(t *testing.T, path, _, _ string) { write(t, path, noise(1<<16)) }},
	{"flipped", func(t *testing.T, path, text, _ string) { write(t, path, flip(text)) }},
	{"twice", func(t *testing.T, path, text, _ string) { write(t, path, text+text) }},
	{"line ends of Windows", func(t *testing.T, path, text, _ string) {
		write(t, path, "\ufeff"+strings.ReplaceAll(text, "\n", "\r\n"))
	}},
	{"line breaks", func(t *testing.T, path, _, _ string) { write(t, path, strings.Repeat("\n", 32<<20)) }},
	{"one long line", func(t *testing.T, path, _, _ string) { write(t, path, `{"`+strings.Repeat("a", 32<<20)) }},
	{"deep lists", func(t *testing.T, path, _, _ string) { write(t, path, strings.Repeat("[", 1<<20)) }},
	{"deep maps", func(t *testing.T, path, _, _ string) { write(t, path, strings.Repeat(`{"a":`, 1<<18)) }},
	{"a link to a user's file", func(t *testing.T, path, _, canary string) { must(t, os.Symlink(canary, path)) }},
	{"a link to itself", func(t *testing.T, path, _, _ string) { must(t, os.Symlink(filepath.Base(path), path)) }},
	{"a link to /dev/zero", func(t *testing.T, path, _, _ string) { must(t, os.Symlink("/dev/zero", path)) }},
	{"a folder", func(t *testing.T, path, _, _ string) { must(t, os.Mkdir(path, 0o755)) }},
	{"a FIFO", func(t *testing.T, path, _, _ string) { must(t, syscall.Mkfifo(path, 0o644)) }},
	{"a sparse 20 GB", func(t *testing.T, path, _, _ string) {
		write(t, path, "")
		must(t, os.Truncate(path, 20<<30))
	}},
}

// noise is the same in every run.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

// flip changes a byte in each 200.
func flip(text string) string {
	r := rand.New(rand.NewPCG(3, 4))
	b := []byte(text)
	for i := 0; i < len(b); i += 1 + r.IntN(400) {
		b[i] ^= byte(1 << r.IntN(8))
	}
	return string(b)
}
