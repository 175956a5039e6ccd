package disk

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Able tries whether the kernel lets this process mount such a file system: it mounts
// one that nothing serves, over a folder of its own, and unmounts it.
func Able() (err error) {
	dir, err := os.MkdirTemp("", "slotstorm-disk-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("a file system in user space (FUSE) needs /dev/fuse: %w", err)
	}
	defer f.Close()
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d", f.Fd(), os.Geteuid(), os.Getegid())
	if err := unix.Mount("slotstorm", dir, "fuse", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		return fmt.Errorf("the kernel refuses a file system in user space (FUSE): %w", err)
	}
	return unix.Unmount(dir, unix.MNT_DETACH)
}

// pair are the two ends of a connection.
func pair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	f := os.NewFile(uintptr(fds[0]), "control")
	defer f.Close()
	theirs := os.NewFile(uintptr(fds[1]), "control")
	ours, err := net.FileConn(f)
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}
