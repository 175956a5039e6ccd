package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
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

// lock takes a journal for this process.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrUnderWay
	}
	if err != nil {
		return fmt.Errorf("locking %s: %w", JournalFile, err)
	}
	return nil
}

// OpenJournal reads the journal of the run in dir, and keeps others from it. A
// last line that a crash has cut short is left out. The caller closes it.
func OpenJournal(dir string) (*Journal, error) {
	f, err := openJournal(dir)
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
	j := &Journal{file: f}
	raw, err := readAll(JournalFile, f, limitOf(JournalFile).size)
	if err != nil {
		f.Close()
		return nil, err
	}
	for line := range bytes.Lines(raw) {
		var e JournalEntry
		if json.Unmarshal(line, &e) == nil {
			j.Entries = append(j.Entries, e)
		}
	}
	return j, nil
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

// Close gives the journal free.
func (j *Journal) Close() error { return j.file.Close() }
