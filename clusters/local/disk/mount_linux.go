package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// mount puts the file system over a folder.
func mount(dir string) (*volume, error) {
	below, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	v := &volume{dir: dir, below: below, root: fmt.Sprintf("/proc/self/fd/%d", below.Fd()), changed: make(chan struct{})}
	root, err := fs.NewLoopbackRoot(v.root)
	if err != nil {
		return nil, errors.Join(err, below.Close())
	}
	top := &node{LoopbackNode: root.(*fs.LoopbackNode), volume: v}
	top.RootData.RootNode = top
	// The kernel keeps nothing that a power failure would make wrong.
	never := time.Duration(0)
	v.server, err = fs.Mount(dir, top, &fs.Options{
		EntryTimeout: &never, AttrTimeout: &never, NegativeTimeout: &never,
		MountOptions: fuse.MountOptions{FsName: "slotstorm", Name: "slotstorm", DirectMountStrict: true, DisableXAttrs: true, DirectMountFlags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mounting %s: %w", dir, err), below.Close())
	}
	return v, nil
}

// unmount makes the volume a folder again, with what is in it.
func (v *volume) unmount() error {
	return errors.Join(unix.Unmount(v.dir, unix.MNT_DETACH), os.RemoveAll(filepath.Join(v.root, graveyard)),
		ignoreAbsent(os.Remove(filepath.Join(v.root, probe))), v.below.Close())
}

func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
