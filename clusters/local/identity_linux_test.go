package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bystander is a process that has its working folder in a volume and has forked
// another one, as a node that saves a snapshot has.
func bystander(t *testing.T, volumes string) (cmd *exec.Cmd, child int) {
	t.Helper()
	dir := filepath.Join(volumes, "node-0")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("sh", "-c", "sleep 600 & echo $!; wait")
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // not reaped yet: its group is its own
		_ = cmd.Wait()
	})
	line := make([]byte, 16)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range strings.TrimSpace(string(line[:n])) {
		child = 10*child + int(c-'0')
	}
	return cmd, child
}

func runs(t *testing.T, pid int) bool {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	state := string(raw[strings.LastIndexByte(string(raw), ')')+2])
	return state != "Z" && state != "T"
}

func TestEndEndsTheRecordedProcessAndWhatItForked(t *testing.T) {
	volumes := t.TempDir()
	cmd, child := bystander(t, volumes)
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended, err := End(ctx, id, volumes)
	slices.Sort(ended)
	want := []int{id.PID, child}
	slices.Sort(want)
	if err != nil || !slices.Equal(ended, want) {
		t.Fatalf("ended %v (%v), want %v", ended, err, want)
	}
	if runs(t, id.PID) || runs(t, child) {
		t.Error("one of them still runs")
	}
	if ended, err := End(ctx, id, volumes); err != nil || len(ended) > 0 {
		t.Errorf("a second time it ended %v: %v", ended, err)
	}
}

func TestEndLeavesEveryOtherProcessAlone(t *testing.T) {
	volumes := t.TempDir()
	cmd, child := bystander(t, volumes)
	own, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*Identity)
		folder string
		unsure bool
	}{
		"its number was another process' before": {change: func(id *Identity) { id.Start-- }},
		"it began earlier than what is recorded": {change: func(id *Identity) { id.Start++ }},
		"the record is of another boot":          {change: func(id *Identity) { id.Boot = "0f0f0f0f-0000-0000-0000-000000000000" }},
		"the number counts elsewhere":            {change: func(id *Identity) { id.Namespace = "pid:[1]" }, unsure: true},
		"it is another user's":                   {change: func(id *Identity) { id.UID++ }, unsure: true},
		"it is init":                             {change: func(id *Identity) { id.PID = 1 }, unsure: true},
		"it is everybody":                        {change: func(id *Identity) { id.PID = -1 }, unsure: true},
		"the record has no start":                {change: func(id *Identity) { id.Start = 0 }, unsure: true},
		"it stands elsewhere":                    {change: func(*Identity) {}, folder: t.TempDir(), unsure: true},
		"the volumes are gone":                   {change: func(*Identity) {}, folder: "/nowhere/at/all", unsure: true},
		"it is no leader of a group": {change: func(id *Identity) {
			*id, err = Identify(child)
			id.Start++
		}},
	} {
		t.Run(name, func(t *testing.T) {
			id, folder := own, volumes
			tc.change(&id)
			if tc.folder != "" {
				folder = tc.folder
			}
			for range 20 {
				ended, err := End(t.Context(), id, folder)
				if len(ended) > 0 || errors.Is(err, ErrUnsure) != tc.unsure {
					t.Fatalf("ended %v: %v", ended, err)
				}
				if !runs(t, cmd.Process.Pid) || !runs(t, child) {
					t.Fatal("it does not run any more")
				}
			}
		})
	}
}
