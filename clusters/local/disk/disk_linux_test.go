package disk

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the process that serves volumes, and runs the tests in namespaces of
// their own, so that they mount nothing in the machine's.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Verb {
		if err := Serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("SLOTSTORM_TEST_ROOM") == "" {
		os.Exit(inRoom())
	}
	os.Exit(m.Run())
}

func inRoom() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), "SLOTSTORM_TEST_ROOM=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// mounted is a volume over an empty folder.
func mounted(t *testing.T) (*Volume, string) {
	t.Helper()
	if err := Able(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	s, err := Start("/proc/self/exe", Verb)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	v, err := s.Mount(dir)
	if err != nil {
		t.Fatal(err)
	}
	return v, dir
}

// do are steps on files of a volume, one after the other.
type do struct {
	t   *testing.T
	dir string
}

func (d do) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// write writes at the end of a file; synced brings it to the disk.
func (d do) write(name, text string, synced bool) {
	d.t.Helper()
	f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	d.must(err)
	_, err = f.WriteString(text)
	d.must(err)
	if synced {
		d.must(f.Sync())
	}
	d.must(f.Close())
}

// sync syncs a file or a folder.
func (d do) sync(name string) {
	d.t.Helper()
	f, err := os.Open(filepath.Join(d.dir, name))
	d.must(err)
	d.must(f.Sync())
	d.must(f.Close())
}

// left are the files of a volume and their contents.
func left(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || e.IsDir() {
			files[name+"/"] = ""
			return err
		}
		raw, err := os.ReadFile(path)
		files[name] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWhatAPowerFailureLeaves(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(d do)
		want map[string]string
	}{
		{"what was appended since the last sync is gone", func(d do) { d.write("f", "one", true); d.write("f", "two", false); d.write("f", "three", false) }, map[string]string{"f": "one"}},
		{"the sync of another file keeps the entry, and not the contents", func(d do) { d.write("f", "one", false); d.write("g", "two", true) }, map[string]string{"f": "", "g": "two"}},
		{"a file that nothing synced does not exist", func(d do) { d.write("f", "one", true); d.write("g", "two", false) }, map[string]string{"f": "one"}},
		{"what was replaced in place is old again", func(d do) {
			d.write("f", "abcdef", true)
			f, err := os.OpenFile(filepath.Join(d.dir, "f"), os.O_WRONLY, 0)
			d.must(err)
			_, err = f.WriteAt([]byte("XYZ12"), 4)
			d.must(errors.Join(err, f.Truncate(5), f.Close()))
		}, map[string]string{"f": "abcdef"}},
		{"a file that was emptied when it was opened has its contents", func(d do) {
			d.write("f", "abcdef", true)
			d.must(os.WriteFile(filepath.Join(d.dir, "f"), []byte("new"), 0o600))
		}, map[string]string{"f": "abcdef"}},
		{"a rename is not done yet, and what it replaced is back", func(d do) {
			d.write("f", "old", true)
			d.write("temp", "new", true)
			d.must(os.Rename(filepath.Join(d.dir, "temp"), filepath.Join(d.dir, "f")))
		}, map[string]string{"f": "old", "temp": "new"}},
		{"a rename that the folder's sync kept stays", func(d do) {
			d.write("f", "old", true)
			d.write("temp", "new", true)
			d.must(os.Rename(filepath.Join(d.dir, "temp"), filepath.Join(d.dir, "f")))
			d.sync(".")
			d.write("f", "er", false)
		}, map[string]string{"f": "new"}},
		{"a removed file is back, and so is its folder", func(d do) {
			d.must(os.Mkdir(filepath.Join(d.dir, "dir"), 0o700))
			d.write("dir/f", "one", true)
			d.must(errors.Join(os.Remove(filepath.Join(d.dir, "dir/f")), os.Remove(filepath.Join(d.dir, "dir"))))
			d.write("dir", "a file now", false)
		}, map[string]string{"dir/": "", "dir/f": "one"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, dir := mounted(t)
			tc.do(do{t, dir})
			loss, err := v.Cut(false, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := left(t, dir); fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("%v is left, want %v; %s", got, tc.want, loss)
			}
			if err := v.Unmount(); err != nil {
				t.Fatal(err)
			}
			if got := left(t, dir); fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("%v is in the folder, want %v", got, tc.want)
			}
		})
	}
}

// A write that was made while a sync was under way is not on the disk when that ends.
func TestASyncKeepsWhatWasThereWhenItBegan(t *testing.T) {
	var j journal
	contents := bytes.NewReader([]byte("0123456789"))
	if err := errors.Join(j.write(7, contents, 0, 0, 4), j.write(7, contents, 4, 4, 2)); err != nil {
		t.Fatal(err)
	}
	mark := j.mark()
	if err := j.write(7, contents, 6, 6, 4); err != nil {
		t.Fatal(err)
	}
	j.synced(7, mark)
	if steps := j.files[7]; len(steps) != 1 || steps[0].size != 6 || steps[0].append != 4 {
		t.Errorf("the steps back are %+v, want one to 6 bytes", steps)
	}
	j.synced(7, j.mark())
	if len(j.files) != 0 {
		t.Errorf("%v is left", j.files)
	}
}

func TestATornWriteLeavesAPart(t *testing.T) {
	for seed := range uint64(8) {
		v, dir := mounted(t)
		d := do{t, dir}
		d.write("f", "one", true)
		d.write("f", "abcdefgh", false)
		d.write("f", "ijkl", false)
		loss, err := v.Cut(true, seed)
		if err != nil {
			t.Fatal(err)
		}
		got := left(t, dir)["f"]
		if n := len(got) - len("one"); n < 1 || n > 7 || got != "oneabcdefgh"[:len(got)] || loss.Files[0].Torn != int64(n) {
			t.Errorf("seed %d: %q is left; %s", seed, got, loss)
		}
	}
}

func TestWhatIsSettledIsKept(t *testing.T) {
	v, dir := mounted(t)
	d := do{t, dir}
	d.write("f", "one", false)
	if err := v.Settle(); err != nil {
		t.Fatal(err)
	}
	d.write("f", "two", false)
	d.write("g", "new", false)
	if _, err := v.Cut(false, 0); err != nil {
		t.Fatal(err)
	}
	if got := left(t, dir); len(got) != 1 || got["f"] != "one" {
		t.Errorf("%v is left", got)
	}
}

// A removed file keeps its space until the change of its folder is on the disk: then it
// is gone for good.
func TestAFullVolumeGetsTheSpaceOfWhatWasRemoved(t *testing.T) {
	v := &volume{root: t.TempDir()}
	name := filepath.Join(v.root, "f")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	grave, errno := v.bury(name)
	if errno != 0 {
		t.Fatal(errno)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	v.journal.note(entry{change: removed, name: "f", grave: grave})
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if _, errno := newHandle(v, full, 1, false).Write(t.Context(), []byte("x"), 0); errno != syscall.ENOSPC {
		t.Errorf("a write to a full disk: %v", errno)
	}
	if v.commit() {
		t.Error("a write that found no space left what could give some")
	}
	if _, err := os.Stat(filepath.Join(v.root, grave)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file that was removed: %v", err)
	}
}

func TestAnOpenFileIsOfNoUseAfterAPowerFailure(t *testing.T) {
	v, dir := mounted(t)
	f, err := os.Create(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := v.Cut(false, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("x"); !errors.Is(err, syscall.EIO) {
		t.Errorf("a write gives %v, want EIO", err)
	}
}

func TestADiskIsSlowAndFails(t *testing.T) {
	v, _ := mounted(t)
	look := func(b Behaviour) Look {
		t.Helper()
		if err := v.Set("f", b); err != nil {
			t.Fatal(err)
		}
		l, err := v.Look()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	const late = 50 * time.Millisecond
	slow := Operation{Delay: late}
	if l := look(Behaviour{Fsync: slow, Write: slow, Read: slow}); l.Fsync.Took < late || l.Write.Took < late || l.Read.Took < late {
		t.Errorf("it answers %+v, want each %v late", l, late)
	}
	for kind, b := range map[string]Behaviour{"fsync": {Fsync: Operation{Fail: true}}, "write": {Write: Operation{Fail: true}}, "read": {Read: Operation{Fail: true}}} {
		l := look(b)
		for k, a := range map[string]Answer{"fsync": l.Fsync, "write": l.Write, "read": l.Read} {
			if failed := errors.Is(a.Err, syscall.EIO); failed != (k == kind) {
				t.Errorf("%s fails, and %s gives %v", kind, k, a.Err)
			}
		}
	}
	if l := look(Behaviour{}); l.Fsync.Err != nil || l.Write.Err != nil || l.Read.Err != nil {
		t.Errorf("it answers %+v after it was healed", l)
	}
}

// A request that waits on a slow disk ends when the disk is healed.
func TestHealingEndsTheWait(t *testing.T) {
	v, dir := mounted(t)
	if err := v.Set("f", Behaviour{Fsync: Operation{Delay: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	synced := make(chan error)
	go func() { synced <- f.Sync() }()
	if err := v.Set("f", Behaviour{}); err != nil {
		t.Fatal(err)
	}
	if err := <-synced; err != nil {
		t.Error(err)
	}
}
