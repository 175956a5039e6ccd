package disk

import (
	"context"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// node is a file or a folder of a volume.
type node struct {
	*fs.LoopbackNode
	volume *volume
}

// WrapChild has what is found below be of the same volume.
func (n *node) WrapChild(_ context.Context, ops fs.InodeEmbedder) fs.InodeEmbedder {
	return &node{LoopbackNode: ops.(*fs.LoopbackNode), volume: n.volume}
}

// name is the path of a child in the volume; "" is the node itself.
func (n *node) name(child string) string { return filepath.Join(n.Path(n.Root()), child) }

// file is the path of a child below the mount.
func (n *node) file(child string) string { return filepath.Join(n.volume.root, n.name(child)) }

// Lookup finds a child.
func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if name == graveyard {
		return nil, syscall.ENOENT
	}
	return n.LoopbackNode.Lookup(ctx, name, out)
}

// change makes a change of a directory and notes it.
func (n *node) change(e entry, make func() syscall.Errno) syscall.Errno {
	n.volume.mu.Lock()
	defer n.volume.mu.Unlock()
	errno := make()
	if errno == 0 && e.name != probe {
		n.volume.journal.note(e)
	}
	return errno
}

// Create makes a file and opens it.
func (n *node) Create(ctx context.Context, name string, flags uint32, mode uint32, out *fuse.EntryOut) (inode *fs.Inode, h fs.FileHandle, _ uint32, errno syscall.Errno) {
	e := entry{change: created, name: n.name(name)}
	errno = n.change(e, func() syscall.Errno {
		// Writes need to read what they replace.
		f, err := os.OpenFile(n.file(name), int(flags)&^(os.O_APPEND|os.O_WRONLY)|os.O_RDWR|os.O_CREATE|os.O_EXCL, os.FileMode(mode))
		if err != nil {
			return fs.ToErrno(err)
		}
		var found syscall.Errno
		if inode, found = n.LoopbackNode.Lookup(ctx, name, out); found != 0 {
			_ = f.Close()
			return found
		}
		h = newHandle(n.volume, f, inode.StableAttr().Ino, e.name == probe)
		// The number may have been that of a file which is gone.
		delete(n.volume.journal.files, inode.StableAttr().Ino)
		return 0
	})
	return inode, h, 0, errno
}

// Open opens a file.
func (n *node) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	mode := os.O_RDWR
	if flags&unix.O_ACCMODE == unix.O_RDONLY {
		mode = os.O_RDONLY
	}
	f, err := os.OpenFile(n.file(""), mode|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, 0, fs.ToErrno(err)
	}
	h := newHandle(n.volume, f, n.StableAttr().Ino, n.name("") == probe)
	if flags&unix.O_TRUNC != 0 {
		if errno := h.truncate(0); errno != 0 {
			_ = f.Close()
			return nil, 0, errno
		}
	}
	return h, 0, 0
}

// Setattr changes what is not in the file, and its size.
func (n *node) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		opened, ok := h.(*handle)
		if !ok {
			f, err := os.OpenFile(n.file(""), os.O_RDWR|unix.O_NOFOLLOW, 0)
			if err != nil {
				return fs.ToErrno(err)
			}
			defer f.Close()
			opened = newHandle(n.volume, f, n.StableAttr().Ino, n.name("") == probe)
		}
		if errno := opened.truncate(int64(size)); errno != 0 {
			return errno
		}
		in.Valid &^= fuse.FATTR_SIZE
	}
	if opened, ok := h.(*handle); ok && in.Valid&(fuse.FATTR_MODE|fuse.FATTR_UID|fuse.FATTR_GID|fuse.FATTR_MTIME|fuse.FATTR_ATIME) == 0 {
		return opened.Getattr(ctx, out)
	}
	return n.LoopbackNode.Setattr(ctx, nil, in, out)
}

// Fsync brings a file or a folder to the disk.
func (n *node) Fsync(_ context.Context, h fs.FileHandle, _ uint32) syscall.Errno {
	if opened, ok := h.(*handle); ok {
		return opened.sync()
	}
	return n.volume.sync(n.StableAttr().Ino, false, func() error {
		f, err := os.Open(n.file(""))
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}

// Mkdir makes a folder.
func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (inode *fs.Inode, errno syscall.Errno) {
	return inode, n.change(entry{change: created, name: n.name(name)}, func() (errno syscall.Errno) {
		inode, errno = n.LoopbackNode.Mkdir(ctx, name, mode, out)
		return errno
	})
}

// Symlink makes a symbolic link.
func (n *node) Symlink(ctx context.Context, target, name string, out *fuse.EntryOut) (inode *fs.Inode, errno syscall.Errno) {
	return inode, n.change(entry{change: created, name: n.name(name)}, func() (errno syscall.Errno) {
		inode, errno = n.LoopbackNode.Symlink(ctx, target, name, out)
		return errno
	})
}

// Mknod makes what is no file.
func (n *node) Mknod(ctx context.Context, name string, mode, device uint32, out *fuse.EntryOut) (inode *fs.Inode, errno syscall.Errno) {
	return inode, n.change(entry{change: created, name: n.name(name)}, func() (errno syscall.Errno) {
		inode, errno = n.LoopbackNode.Mknod(ctx, name, mode, device, out)
		return errno
	})
}

// Link makes another name of a file.
func (n *node) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (inode *fs.Inode, errno syscall.Errno) {
	return inode, n.change(entry{change: created, name: n.name(name)}, func() (errno syscall.Errno) {
		inode, errno = n.LoopbackNode.Link(ctx, target, name, out)
		return errno
	})
}

// Rmdir removes a folder.
func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno {
	return n.change(entry{change: removed, name: n.name(name), mode: 0o700}, func() syscall.Errno {
		return n.LoopbackNode.Rmdir(ctx, name)
	})
}

// Unlink removes a file, and keeps it until that is on the disk.
func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	if n.name(name) == probe {
		return fs.ToErrno(os.Remove(n.file(name)))
	}
	n.volume.mu.Lock()
	defer n.volume.mu.Unlock()
	grave, errno := n.volume.bury(n.file(name))
	if errno == 0 {
		if errno = fs.ToErrno(os.Remove(n.file(name))); errno == 0 {
			n.volume.journal.note(entry{change: removed, name: n.name(name), grave: grave})
		}
	}
	return errno
}

// Rename renames a file, and keeps what it replaces until that is on the disk.
func (n *node) Rename(_ context.Context, name string, parent fs.InodeEmbedder, to string, flags uint32) syscall.Errno {
	target, ok := parent.(*node)
	if !ok || flags != 0 {
		return syscall.EINVAL
	}
	n.volume.mu.Lock()
	defer n.volume.mu.Unlock()
	e := entry{change: renamed, name: n.name(name), to: target.name(to)}
	if _, err := os.Lstat(target.file(to)); err == nil {
		var errno syscall.Errno
		if e.grave, errno = n.volume.bury(target.file(to)); errno != 0 {
			return errno
		}
	}
	errno := fs.ToErrno(os.Rename(n.file(name), target.file(to)))
	if errno == 0 {
		n.volume.journal.note(e)
	}
	return errno
}

// bury keeps a file that is about to lose its name.
func (v *volume) bury(file string) (grave string, errno syscall.Errno) {
	if err := os.Mkdir(filepath.Join(v.root, graveyard), 0o700); err != nil && !os.IsExist(err) {
		return "", fs.ToErrno(err)
	}
	grave = v.journal.grave()
	return grave, fs.ToErrno(unix.Link(file, filepath.Join(v.root, grave)))
}

// OpendirHandle lists a folder, without what is slotstorm's.
func (n *node) OpendirHandle(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	entries, err := os.ReadDir(n.file(""))
	if err != nil {
		return nil, 0, fs.ToErrno(err)
	}
	var list []fuse.DirEntry
	for _, e := range entries {
		if e.Name() != graveyard && e.Name() != probe {
			info, err := e.Info()
			if err != nil {
				continue // it was removed meanwhile
			}
			list = append(list, fuse.DirEntry{Name: e.Name(), Mode: info.Sys().(*syscall.Stat_t).Mode, Ino: info.Sys().(*syscall.Stat_t).Ino})
		}
	}
	return listing{fs.NewListDirStream(list)}, 0, 0
}

// listing is a folder that is being read.
type listing struct{ fs.DirStream }

// Readdirent is the next entry.
func (l listing) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if !l.HasNext() {
		return nil, 0
	}
	e, errno := l.Next()
	return &e, errno
}
