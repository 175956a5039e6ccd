package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The journal is locked while its run is under way, by the kernel: the lock goes
// with the process, however that ends.

// ErrUnderWay marks a run that has not ended.
var ErrUnderWay = errors.New("its run is still under way")

// Journal is the journal of a run that has ended, opened to be gone on with.
type Journal struct {
	Entries []JournalEntry
	file    *os.File
}

// lock takes a journal for this process, and keeps other users from writing to it,
// whatever the umask is.
func lock(f *os.File) error {
	if info, err := f.Stat(); err == nil {
		// Where a file system knows no modes, OpenJournal decides.
		_ = f.Chmod(info.Mode().Perm() &^ 0o022)
	}
	// UnderWay holds the lock for a moment: a run keeps it for all tries.
	for try := 0; ; try++ {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("locking %s: %w", JournalFile, err)
		case try == 5:
			return ErrUnderWay
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// UnderWay reports whether the run in dir has not ended: its process holds the journal.
func UnderWay(dir string) bool {
	folder, err := OpenFolder(dir)
	if err != nil {
		return false
	}
	defer folder.Close()
	f, err := folder.open(JournalFile, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// ErrUntrusted marks a journal that somebody else may have written.
var ErrUntrusted = errors.New("the journal is not trusted")

// OpenJournal reads the journal of the run in dir, and keeps others from it. A
// last line that a crash has cut short is left out. A journal is believed only if
// it and its folder are this user's, and no other user can write to them: otherwise
// the error is ErrUntrusted. The caller closes it.
func OpenJournal(dir string) (*Journal, error) {
	f, err := openOwn(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no %s: not a run of slotstorm", dir, JournalFile)
	}
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, err
	}
	raw, err := readAll(JournalFile, f, limitOf(JournalFile).size)
	if err != nil {
		f.Close()
		return nil, err
	}
	j := &Journal{file: f}
	for line := range bytes.Lines(raw) {
		var e JournalEntry
		if json.Unmarshal(line, &e) == nil {
			j.Entries = append(j.Entries, e)
		}
	}
	return j, nil
}

// openOwn opens the journal in dir, which must be this user's own.
func openOwn(dir string) (*os.File, error) {
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%w: %s is no folder, or a link to one: name the run's own folder", ErrUntrusted, dir)
	}
	if err := own(dir, info); err != nil {
		return nil, err
	}
	folder, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	path := filepath.Join(dir, JournalFile)
	f, err := folder.open(JournalFile, os.O_RDWR|os.O_APPEND)
	var special *NotRegularError
	switch {
	case errors.As(err, &special):
		return nil, fmt.Errorf("%w: %s: %w", ErrUntrusted, dir, err)
	case errors.Is(err, os.ErrPermission):
		if named, lerr := folder.lstat(JournalFile); lerr == nil {
			err = errors.Join(own(path, named), err)
		}
		return nil, err
	case err != nil:
		return nil, err
	}
	opened, err := f.Stat()
	if err == nil {
		err = own(path, opened)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// own is an error unless a file is this user's, and only this user can write to it.
func own(path string, info os.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%w: the owner of %s is unknown", ErrUntrusted, path)
	}
	if int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: %s belongs to user %d, and this is user %d: recover the run as its user", ErrUntrusted, path, st.Uid, os.Geteuid())
	}
	if others := info.Mode().Perm() & 0o022; others != 0 {
		return fmt.Errorf("%w: others can write to %s: read it, and if it is as the run left it run 'chmod go-w %s'", ErrUntrusted, path, path)
	}
	return nil
}

// Open are the entries of faults that were injected and not verified as healed:
// those of their injection.
func (j *Journal) Open() []JournalEntry {
	var open []JournalEntry
	for _, e := range j.Entries {
		switch e.Step {
		case "inject":
			open = append(open, e)
		case "verify", "recover":
			for i := range open {
				if open[i].Fault == e.Fault {
					open = append(open[:i], open[i+1:]...)
					break
				}
			}
		}
	}
	return open
}

// Recovered reports whether a recovery was the last that the journal has: everything that the
// run left elsewhere is removed.
func (j *Journal) Recovered() bool {
	return len(j.Entries) > 0 && j.Entries[len(j.Entries)-1].Step == "recover"
}

// Append adds an entry, and returns when it is on the disk.
func (j *Journal) Append(e JournalEntry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing %s: %w", JournalFile, err)
	}
	if _, err := j.file.Write(append([]byte("\n"), append(b, '\n')...)); err != nil {
		return fmt.Errorf("writing %s: %w", JournalFile, err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("writing %s: %w", JournalFile, err)
	}
	j.Entries = append(j.Entries, e)
	return nil
}

// Local is the place of the run on this machine; nil if the journal does not say,
// because the run took place elsewhere or an older slotstorm wrote it.
func (j *Journal) Local() *LocalPlace {
	for _, e := range j.Entries {
		if e.Step == "place" && e.Local != nil {
			return e.Local
		}
	}
	return nil
}

// Processes are the processes that the run has started on this machine.
func (j *Journal) Processes() []Process {
	var list []Process
	for _, e := range j.Entries {
		if e.Step == "start" && e.Process != nil {
			list = append(list, *e.Process)
		}
	}
	return list
}

// Secrets are the folders in which the run has kept secrets.
func (j *Journal) Secrets() []string {
	var list []string
	for _, e := range j.Entries {
		if e.Step == "secret" && e.Folder != "" {
			list = append(list, e.Folder)
		}
	}
	return list
}

// Close gives the journal free.
func (j *Journal) Close() error { return j.file.Close() }
