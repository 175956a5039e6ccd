package disk

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// journal holds what leads from a volume back to what is surely on its disk. Its
// methods are called one at a time.
type journal struct {
	// epoch is incremented by each sync that begins: what was done in an epoch is on
	// the disk when a sync that began in it, or later, has succeeded.
	epoch uint64
	// files are the steps back of each file, by inode, the oldest first.
	files map[uint64][]step
	// entries are the changes of directories, the oldest first.
	entries []entry
	// graves counts the files that were kept for an undo.
	graves int
}

// step leads back to what a file was when the epoch began, or when it was first changed
// in it.
type step struct {
	epoch uint64
	since time.Time
	size  int64
	// pieces are what stood below size and was replaced, the oldest first.
	pieces []piece
	// append is the number of bytes of the first write, if that was at the end.
	append int64
}

type piece struct {
	at   int64
	data []byte
}

// change is one of a directory.
type change int

const (
	created change = iota
	removed        // grave is the file; a folder has none
	renamed        // grave is the file that it replaced, if it did
)

type entry struct {
	epoch    uint64
	change   change
	name, to string
	grave    string
	mode     os.FileMode
}

// open gives the step of a file in this epoch, for a change that begins now.
func (j *journal) open(inode uint64, size int64) *step {
	steps := j.files[inode]
	if len(steps) == 0 || steps[len(steps)-1].epoch != j.epoch {
		steps = append(steps, step{epoch: j.epoch, since: time.Now(), size: size})
		if j.files == nil {
			j.files = map[uint64][]step{}
		}
		j.files[inode] = steps
	}
	return &steps[len(steps)-1]
}

// write notes a write of n bytes at an offset of a file of some size, before it is made.
func (j *journal) write(inode uint64, f io.ReaderAt, size, at, n int64) error {
	s := j.open(inode, size)
	if s.append == 0 && len(s.pieces) == 0 && at == s.size {
		s.append = n
	}
	return s.keep(f, at, min(at+n, size, s.size))
}

// truncate notes a new size of a file, before it is set.
func (j *journal) truncate(inode uint64, f io.ReaderAt, size, to int64) error {
	s := j.open(inode, size)
	return s.keep(f, to, min(size, s.size))
}

// keep notes what stands between two offsets.
func (s *step) keep(f io.ReaderAt, from, to int64) error {
	if from >= to {
		return nil
	}
	p := piece{from, make([]byte, to-from)}
	if _, err := f.ReadAt(p.data, from); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.pieces = append(s.pieces, p)
	return nil
}

// note adds a change of a directory.
func (j *journal) note(e entry) {
	e.epoch = j.epoch
	j.entries = append(j.entries, e)
}

// grave is a name for the next file that is kept for an undo.
func (j *journal) grave() string {
	j.graves++
	return filepath.Join(graveyard, fmt.Sprint(j.graves))
}

// mark begins a sync; its value goes to synced when that has succeeded.
func (j *journal) mark() uint64 {
	j.epoch++
	return j.epoch - 1
}

// synced forgets what a sync of a file, or of a folder, has brought to the disk. It
// returns the files that were kept for an undo which is none any more.
func (j *journal) synced(inode, mark uint64) (graves []string) {
	if steps := slices.DeleteFunc(j.files[inode], func(s step) bool { return s.epoch <= mark }); len(steps) > 0 {
		j.files[inode] = steps
	} else {
		delete(j.files, inode)
	}
	n := 0
	for n < len(j.entries) && j.entries[n].epoch <= mark {
		if g := j.entries[n].grave; g != "" {
			graves = append(graves, g)
		}
		n++
	}
	j.entries = slices.Delete(j.entries, 0, n)
	return graves
}

// undo takes a volume at root back to what is surely on its disk. inode gives a file's.
// random, if not nil, leaves a part of the first write that was not synced of the file
// that was written to last.
func (j *journal) undo(root string, inode func(os.FileInfo) uint64, random *rand.Rand) (Loss, error) {
	var loss Loss
	var errs []error
	for _, e := range slices.Backward(j.entries) {
		errs = append(errs, e.undo(root))
		loss.Entries = append(loss.Entries, e.String())
	}
	torn := j.newest()
	errs = append(errs, filepath.WalkDir(root+"/", func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		steps := j.files[inode(info)]
		if len(steps) == 0 {
			return nil
		}
		var tear *rand.Rand
		if inode(info) == torn {
			tear = random
		}
		lost, err := undo(path, info.Size(), steps, tear)
		if lost.Name, _ = filepath.Rel(root+"/", path); lost.Bytes != 0 || lost.Rewritten != 0 {
			loss.Files = append(loss.Files, lost)
		}
		return err
	}), os.RemoveAll(filepath.Join(root, graveyard)))
	slices.SortFunc(loss.Files, func(a, b LostWrites) int { return cmp.Compare(b.Bytes, a.Bytes) })
	j.files, j.entries = nil, nil
	return loss, errors.Join(errs...)
}

// newest is the file that was written to last; 0 is none.
func (j *journal) newest() (inode uint64) {
	var since time.Time
	for i, steps := range j.files {
		if last := steps[len(steps)-1].since; last.After(since) {
			inode, since = i, last
		}
	}
	return inode
}

// undo takes a file of some size back by its steps.
func undo(path string, size int64, steps []step, tear *rand.Rand) (lost LostWrites, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return lost, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lost.Age = time.Since(steps[0].since)
	for i, s := range slices.Backward(steps) {
		end := s.size
		if i == 0 && tear != nil && s.append > 1 {
			lost.Torn = 1 + tear.Int64N(s.append-1)
			end += lost.Torn
		}
		if err := f.Truncate(end); err != nil {
			return lost, err
		}
		for _, p := range slices.Backward(s.pieces) {
			if _, err := f.WriteAt(p.data, p.at); err != nil {
				return lost, err
			}
			lost.Rewritten += int64(len(p.data))
		}
		lost.Bytes = size - end
	}
	return lost, nil
}

// String is the undone change in words.
func (e entry) String() string {
	switch e.change {
	case created:
		return e.name + " does not exist yet"
	case removed:
		return e.name + " is not removed yet"
	}
	return e.to + " is still " + e.name
}

// undo takes a change back.
func (e entry) undo(root string) error {
	name := filepath.Join(root, e.name)
	switch {
	case e.change == created:
		return os.Remove(name)
	case e.change == removed && e.grave == "":
		return os.Mkdir(name, e.mode)
	case e.change == removed:
		return os.Rename(filepath.Join(root, e.grave), name)
	}
	to := filepath.Join(root, e.to)
	if err := os.Rename(to, name); err != nil || e.grave == "" {
		return err
	}
	return os.Rename(filepath.Join(root, e.grave), to)
}

// The names in a volume that are not the node's.
const (
	// graveyard holds files that are removed, but not surely on the disk.
	graveyard = ".slotstorm-removed"
	// probe is the file by which slotstorm measures the volume. It is in no journal, so
	// that its syncs keep nothing.
	probe = ".slotstorm-probe"
)
