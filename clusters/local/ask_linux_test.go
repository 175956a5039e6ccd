package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAskIsBoundedInTimeAndOutput(t *testing.T) {
	for name, tc := range map[string]struct{ script, want string }{
		"it hangs":                      {"sleep 600", "did not end within"},
		"it hangs and ignores signals":  {"trap '' TERM INT HUP; while :; do sleep 600; done", "did not end within"},
		"a child keeps its output open": {"sleep 600 & sleep 600", "did not end within"},
		"it floods its output":          {"exec cat /dev/zero", "more than 64 KiB"},
		"it floods its errors":          {"exec cat /dev/zero >&2", "more than 64 KiB"},
		"it ends and leaves a child":    {"sleep 600 & exit 3", "exit status 3"},
		"it fails":                      {"echo no such thing >&2; echo more >&2; exit 3", "no such thing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The script's number is its group's: whatever it starts is in it.
			note := filepath.Join(t.TempDir(), "pid")
			limit := 10 * time.Second
			if tc.want == "did not end within" {
				limit = 500 * time.Millisecond
			}
			ask := func() (string, error) {
				return askFor(t.Context(), limit, "/bin/sh", "-c", "echo $$ > "+note+"; "+tc.script)
			}
			out, err := ask()
			// A busy machine may not have begun the script in time.
			for ; !noted(note); out, err = ask() {
				limit *= 2
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "more\n") {
				t.Errorf("the error is %v", err)
			}
			if len(out) > askOutput {
				t.Errorf("%d bytes were kept", len(out))
			}
			group, err := os.ReadFile(note)
			if err != nil {
				t.Fatal(err)
			}
			if left := groupOf(t, strings.TrimSpace(string(group))); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	if out, err := Ask(t.Context(), "/bin/echo", "v=7.0.15"); err != nil || out != "v=7.0.15\n" {
		t.Errorf("%q %v", out, err)
	}
}

// noted reports whether a script has written its number.
func noted(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// groupOf are the processes of a group that have not ended.
func groupOf(t *testing.T, group string) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, path := range stats {
		raw, _ := os.ReadFile(path) // it may have ended meanwhile
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
		if len(fields) > 2 && fields[2] == group && fields[0] != "Z" && fields[0] != "X" {
			list = append(list, filepath.Dir(path))
		}
	}
	return list
}
