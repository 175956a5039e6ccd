package trial

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/explore"
	"github.com/slotstorm/slotstorm/internal/scripttest"
)

// program is a shell script that stands in for slotstorm: run FILE --out DIR --quiet.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	scripttest.Write(t, path, script)
	return path
}

func run(t *testing.T, script string, edit func(*Request)) explore.Ended {
	t.Helper()
	r := Request{Program: program(t, script), Dir: filepath.Join(t.TempDir(), "seed-1"), Scenario: []byte("a: b\n"), Limit: time.Minute}
	if edit != nil {
		edit(&r)
	}
	e, err := Run(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestHowARunEnds: the exit code, the log and the folder of a run, and that nothing is
// left of it.
func TestHowARunEnds(t *testing.T) {
	t.Parallel()
	e := run(t, `[ "$1" = run ] && [ "$3" = --out ] && grep -q "a: b" "$2" && mkdir "$4/id" && echo "slotstorm: no" >&2; exit 5`, nil)
	if e.Code != 5 || filepath.Base(e.Dir) != "id" || e.Log != "slotstorm: no\n" || e.Hung || e.Stopped || len(e.Left) > 0 {
		t.Errorf("%+v", e)
	}
	entries, err := os.ReadDir(filepath.Dir(e.Dir))
	if err != nil || len(entries) != 3 {
		t.Errorf("the folder of the trial holds %v, %v", entries, err)
	}
	if e = run(t, "kill -9 $$", nil); e.Code != -1 || e.Dir != "" {
		t.Errorf("killed: %+v", e)
	}
}

// TestWhatARunLeaves: files and processes.
func TestWhatARunLeaves(t *testing.T) {
	t.Parallel()
	e := run(t, `mkdir -p "$4/id/volumes" "$4/two"; touch "$TMPDIR/x"`, nil)
	want := []string{"a second entry in the results: two", "volumes/ in the folder of the run", "a temporary file: x"}
	if !slices.Equal(e.Left, want) {
		t.Errorf("left %q, want %q", e.Left, want)
	}
	if runtime.GOOS != "linux" {
		return
	}
	e = run(t, `sleep 8 >/dev/null 2>&1 &`, nil)
	if len(e.Left) != 1 || !strings.HasPrefix(e.Left[0], "a process: sleep 8") {
		t.Errorf("left %q", e.Left)
	}
}

// TestARunThatDoesNotEnd: its limit or the search ends it.
func TestARunThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready")
	script := `trap "exit 130" TERM; : >` + ready + `; while :; do sleep 0.05; done`
	e := run(t, script, func(r *Request) { r.Limit = 2 * time.Second })
	if !e.Hung || e.Stopped || e.Code != 130 || e.Took > 20*time.Second {
		t.Errorf("by its limit: %+v", e)
	}
	if err := os.Remove(ready); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for t.Context().Err() == nil {
			if _, err := os.Stat(ready); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	e = run(t, script, func(r *Request) { r.Stop = stop })
	if e.Hung || !e.Stopped || e.Code != 130 {
		t.Errorf("by the search: %+v", e)
	}
}

func TestEncrypts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	with := program(t, `echo "*** FATAL CONFIG FILE ERROR ***"; echo ">>> 'tls-port \"none\"'"; echo "argument must be an integer"; exit 1`)
	without := program(t, `echo "*** FATAL CONFIG FILE ERROR ***"; echo ">>> 'tls-port \"none\"'"; echo "Bad directive or wrong number of arguments"; exit 1`)
	if !Encrypts(ctx, with) || Encrypts(ctx, without) || Encrypts(ctx, "/nowhere/redis-server") {
		t.Error("TLS is not recognised")
	}
}
