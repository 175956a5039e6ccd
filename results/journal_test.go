package results

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ended is the folder of a run that has ended.
func ended(t *testing.T) string {
	t.Helper()
	w, err := Create(t.TempDir(), "run", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Journal(JournalEntry{Step: "place", Local: &LocalPlace{Sealed: true}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Journal(JournalEntry{Step: "start", Process: &Process{PID: 7, Start: 9, Boot: "b"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Dir()
}

func TestAJournalIsTyped(t *testing.T) {
	j, err := OpenJournal(ended(t))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if at := j.Local(); at == nil || !at.Sealed || len(j.Processes()) != 1 || j.Processes()[0].Start != 9 {
		t.Errorf("%+v %+v", j.Local(), j.Processes())
	}
}

func TestAJournalOfOthersIsNotBelieved(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string) (string, error){
		"others can write to it": func(_ *testing.T, dir string) (string, error) {
			return dir, os.Chmod(filepath.Join(dir, JournalFile), 0o666)
		},
		"its group can write to it": func(_ *testing.T, dir string) (string, error) {
			return dir, os.Chmod(filepath.Join(dir, JournalFile), 0o664)
		},
		"others can write to its folder": func(_ *testing.T, dir string) (string, error) { return dir, os.Chmod(dir, 0o777) },
		"it is a link": func(_ *testing.T, dir string) (string, error) {
			path := filepath.Join(dir, JournalFile)
			return dir, errors.Join(os.Rename(path, path+".real"), os.Symlink(JournalFile+".real", path))
		},
		"it is a pipe": func(_ *testing.T, dir string) (string, error) {
			path := filepath.Join(dir, JournalFile)
			return dir, errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600))
		},
		"it is a folder": func(_ *testing.T, dir string) (string, error) {
			path := filepath.Join(dir, JournalFile)
			return dir, errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		},
		"its folder is a link": func(t *testing.T, dir string) (string, error) {
			link := filepath.Join(t.TempDir(), "run")
			return link, os.Symlink(dir, link)
		},
		"it is another user's": func(t *testing.T, dir string) (string, error) {
			return anothers(t, dir, filepath.Join(dir, JournalFile))
		},
		"its folder is another user's": func(t *testing.T, dir string) (string, error) { return anothers(t, dir, dir) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := spoil(t, ended(t))
			if err != nil {
				t.Fatal(err)
			}
			j, err := OpenJournal(dir)
			if err == nil {
				j.Close()
			}
			if !errors.Is(err, ErrUntrusted) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// anothers gives path, in dir, to another user. Only root can; others take a folder of
// root's.
func anothers(t *testing.T, dir, path string) (string, error) {
	t.Helper()
	if os.Geteuid() != 0 {
		return "/etc", nil
	}
	return dir, os.Chown(path, 65534, 65534)
}

func TestAJournalIsItsUsersWhateverTheUmask(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	j, err := OpenJournal(ended(t))
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
}

func TestAHugeJournalIsRefused(t *testing.T) {
	dir := ended(t)
	if err := os.Truncate(filepath.Join(dir, JournalFile), 20<<30); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(dir); err == nil || !strings.Contains(err.Error(), "more than the 67108864") {
		t.Errorf("the error is %v", err)
	}
}
