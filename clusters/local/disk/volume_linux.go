package disk

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// volume is one that this process serves.
type volume struct {
	// dir is where it is mounted. below is the folder that is under it.
	dir    string
	below  *os.File
	root   string
	server *fuse.Server

	// mu orders changes of files and of the journal.
	mu      sync.Mutex
	journal journal
	// generation counts power failures: a file that was opened before one is of no use
	// after it.
	generation atomic.Int64
	behaviour  Behaviour
	// changed is closed and replaced whenever behaviour changes.
	changed chan struct{}
}

// set changes how the volume answers, also those that wait already.
func (v *volume) set(b Behaviour) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.behaviour = b
	close(v.changed)
	v.changed = make(chan struct{})
}

// cut is a power failure: what is not synced is gone. Files that are open fail from now
// on.
func (v *volume) cut(torn bool, seed uint64) (Loss, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.generation.Add(1)
	var random *rand.Rand
	if torn {
		random = rand.New(rand.NewPCG(seed, 0))
	}
	return v.journal.undo(v.root, func(i os.FileInfo) uint64 { return i.Sys().(*syscall.Stat_t).Ino }, random)
}

// commit brings all changes of directories to the disk, as file systems do before they say
// that no space is left: what was removed keeps its space until then. It reports whether
// that gave any back. The caller holds mu.
func (v *volume) commit() bool {
	graves := v.journal.synced(0, v.journal.mark())
	for _, g := range graves {
		_ = os.Remove(filepath.Join(v.root, g)) // then the write fails again
	}
	return len(graves) > 0
}

// settle counts everything as on the disk.
func (v *volume) settle() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.journal.files = nil
	v.commit()
}

// answer waits for as long as an operation takes longer, and fails if it does.
func (v *volume) answer(of func(Behaviour) Operation) syscall.Errno {
	started := time.Now()
	for {
		v.mu.Lock()
		op, changed := of(v.behaviour), v.changed
		v.mu.Unlock()
		left := op.Delay - time.Since(started)
		if left > 0 {
			t := time.NewTimer(left)
			select {
			case <-t.C:
			case <-changed:
				t.Stop()
				continue
			}
		}
		if op.Fail {
			return syscall.EIO
		}
		return 0
	}
}

func onFsync(b Behaviour) Operation { return b.Fsync }
func onWrite(b Behaviour) Operation { return b.Write }
func onRead(b Behaviour) Operation  { return b.Read }

// sync has sync bring a file or a folder to the disk, and forgets what leads back.
func (v *volume) sync(inode uint64, probe bool, sync func() error) syscall.Errno {
	v.mu.Lock()
	var mark uint64
	if !probe {
		mark = v.journal.mark()
	}
	generation := v.generation.Load()
	v.mu.Unlock()
	if err := sync(); err != nil {
		return fs.ToErrno(err)
	}
	if errno := v.answer(onFsync); errno != 0 || probe {
		return errno
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.generation.Load() != generation {
		return syscall.EIO
	}
	for _, g := range v.journal.synced(inode, mark) {
		if err := os.Remove(filepath.Join(v.root, g)); err != nil {
			return fs.ToErrno(err)
		}
	}
	return 0
}
