package disk

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// handle is an open file of a volume.
type handle struct {
	volume     *volume
	f          *os.File
	inode      uint64
	probe      bool
	generation int64
}

func newHandle(v *volume, f *os.File, inode uint64, probe bool) *handle {
	return &handle{volume: v, f: f, inode: inode, probe: probe, generation: v.generation.Load()}
}

// change makes a change of the file that note notes before.
func (h *handle) change(note func(size int64) error, make func() error) syscall.Errno {
	h.volume.mu.Lock()
	defer h.volume.mu.Unlock()
	if h.generation != h.volume.generation.Load() {
		return syscall.EIO
	}
	if !h.probe {
		st, err := h.f.Stat()
		if err == nil {
			err = note(st.Size())
		}
		if err != nil {
			return fs.ToErrno(err)
		}
	}
	return fs.ToErrno(make())
}

// Write writes.
func (h *handle) Write(_ context.Context, data []byte, at int64) (n uint32, errno syscall.Errno) {
	if errno := h.volume.answer(onWrite); errno != 0 {
		return 0, errno
	}
	return n, h.change(
		func(size int64) error { return h.volume.journal.write(h.inode, h.f, size, at, int64(len(data))) },
		func() error {
			written, err := h.f.WriteAt(data, at)
			if errors.Is(err, syscall.ENOSPC) && h.volume.commit() {
				written, err = h.f.WriteAt(data, at)
			}
			n = uint32(written)
			return err
		})
}

func (h *handle) truncate(to int64) syscall.Errno {
	return h.change(
		func(size int64) error { return h.volume.journal.truncate(h.inode, h.f, size, to) },
		func() error { return h.f.Truncate(to) })
}

// Allocate extends the file, as posix_fallocate does.
func (h *handle) Allocate(context.Context, uint64, uint64, uint32) syscall.Errno {
	return syscall.EOPNOTSUPP
}

// Read reads.
func (h *handle) Read(_ context.Context, buf []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	if errno := h.volume.answer(onRead); errno != 0 {
		return nil, errno
	}
	n, err := h.f.ReadAt(buf, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fs.ToErrno(err)
	}
	return fuse.ReadResultData(buf[:n]), 0
}

func (h *handle) sync() syscall.Errno { return h.volume.sync(h.inode, h.probe, h.f.Sync) }

// Getattr gives what the file is.
func (h *handle) Getattr(_ context.Context, out *fuse.AttrOut) syscall.Errno {
	var st syscall.Stat_t
	err := syscall.Fstat(int(h.f.Fd()), &st)
	out.FromStat(&st)
	return fs.ToErrno(err)
}

// Release closes the file.
func (h *handle) Release(context.Context) syscall.Errno { return fs.ToErrno(h.f.Close()) }
