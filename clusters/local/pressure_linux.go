package local

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CanPress returns why processors, memory and volumes cannot be taken from nodes
// here; nil if they can.
func CanPress() error { return nil }

// Affinity are the processors that a process' first thread may run on.
func Affinity(pid int) ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &set); err != nil {
		return nil, fmt.Errorf("the processors of process %d: %w", pid, err)
	}
	var list []int
	for i := 0; len(list) < set.Count(); i++ {
		if set.IsSet(i) {
			list = append(list, i)
		}
	}
	return list, nil
}

// Pin lets a process' first thread run on some processors alone.
func Pin(pid int, processors []int) error {
	var set unix.CPUSet
	for _, p := range processors {
		set.Set(p)
	}
	if err := unix.SchedSetaffinity(pid, &set); err != nil {
		return fmt.Errorf("pinning process %d to processors %v: %w", pid, processors, err)
	}
	return nil
}

// tick is the unit of times in /proc. Source: proc(5), sysconf(_SC_CLK_TCK), which
// is 100 on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// ProcessorTime is what a process has used, in steps of 10 ms.
func ProcessorTime(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", pid, err)
	}
	// The name is in parentheses and may hold anything; utime and stime are the
	// 14th and 15th field.
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("the processor time of process %d: %q", pid, raw)
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", pid, err)
	}
	system, err := strconv.ParseInt(string(fields[12]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", pid, err)
	}
	return time.Duration(user+system) * tick, nil
}

// Memory is memory that is held. The kernel frees it when this process ends.
type Memory struct{ file *os.File }

// HoldMemory takes memory: a file that is in no file system, with all of its pages.
func HoldMemory(size int64) (*Memory, error) {
	fd, err := unix.MemfdCreate("slotstorm-memory", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("taking memory: %w", err)
	}
	m := &Memory{os.NewFile(uintptr(fd), "memory")}
	for {
		err := unix.Fallocate(fd, 0, 0, size)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("taking %d bytes of memory: %w", size, err), m.Release())
		}
		return m, nil
	}
}

// Held is how much is, in bytes.
func (m *Memory) Held() (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(m.file.Fd()), &st); err != nil {
		return 0, fmt.Errorf("the memory that is held: %w", err)
	}
	return st.Blocks * 512, nil
}

// Release gives the memory back.
func (m *Memory) Release() error { return m.file.Close() }

// FreeMemory is what programs can have without swapping, in bytes. Source:
// MemAvailable of proc(5).
func FreeMemory() (int64, error) {
	raw, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(raw) {
		var kb int64
		if n, _ := fmt.Sscanf(string(line), "MemAvailable: %d kB", &kb); n == 1 {
			return kb << 10, nil
		}
	}
	return 0, errors.New("/proc/meminfo has no MemAvailable")
}

// bounds are the files that hold a control group's bound of memory, its use of it, and how
// much of that is a cache which the kernel gives up first, in bytes, in the hierarchy below a
// folder of /sys/fs/cgroup, which a line of /proc/self/cgroup names by its controller: of
// control groups of version 2 and 1. Source: the kernel's admin-guide/cgroup-v2 and
// cgroup-v1/memory.
var bounds = []bound{
	{"", "", "memory.max", "memory.current", "memory.stat", "inactive_file"},
	{"memory", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat", "total_inactive_file"},
}

type bound struct{ controller, below, most, used, stat, cache string }

// FreeInContainer is the least that is left of the bounds of the container and of the control
// groups that this process is in, in bytes. An error means that there is none, or that it is
// not known.
func FreeInContainer() (int64, error) {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0, err
	}
	return freeIn(os.DirFS("/sys/fs/cgroup"), string(groups))
}

// errNoBound says that no control group bounds the memory.
var errNoBound = errors.New("no control group bounds the memory")

// freeIn is FreeInContainer for the control groups below a folder, and the contents of
// /proc/self/cgroup. A container may show only its own part of the hierarchy, as its root: so
// that the groups above each are looked at too.
func freeIn(root fs.FS, groups string) (int64, error) {
	least, found := int64(math.MaxInt64), false
	for _, b := range bounds {
		for group := b.group(groups); group != ""; group = above(group) {
			free, ok, err := b.free(root, path.Join(b.below, group[1:]))
			if err != nil {
				return 0, err
			}
			if ok {
				least, found = min(least, free), true
			}
		}
	}
	if !found {
		return 0, errNoBound
	}
	return least, nil
}

// group is the group of the hierarchy in the contents of /proc/self/cgroup, which begins with
// a slash; empty if there is none.
func (b bound) group(groups string) string {
	for line := range strings.Lines(groups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && strings.HasPrefix(parts[2], "/") && slices.Contains(strings.Split(parts[1], ","), b.controller) {
			return path.Clean(parts[2])
		}
	}
	return ""
}

// above is the group that holds another one; empty for the root.
func above(group string) string {
	if group == "/" {
		return ""
	}
	return path.Dir(group)
}

// free is what is left of a group's bound; not ok if it has none.
func (b bound) free(root fs.FS, dir string) (free int64, ok bool, _ error) {
	number := func(file string) (int64, error) {
		raw, err := fs.ReadFile(root, path.Join(dir, file))
		if err != nil {
			return 0, err
		}
		return strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64)
	}
	most, err := number(b.most)
	if err != nil {
		return 0, false, nil // there is no such group, or it may use 'max'
	}
	used, err := number(b.used)
	if err != nil {
		return 0, false, err
	}
	stat, err := fs.ReadFile(root, path.Join(dir, b.stat))
	if err != nil {
		return 0, false, err
	}
	var cache int64
	for line := range bytes.Lines(stat) {
		if n, _ := fmt.Sscanf(string(line), b.cache+" %d", &cache); n == 1 {
			break
		}
	}
	return most - used + cache, true, nil
}

// BoundVolume makes a folder a file system of its own of some bytes, in memory. It
// lives as long as the sealed room, or until FreeVolume.
func BoundVolume(dir string, size int64) error {
	if err := unix.Mount("slotstorm", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		return fmt.Errorf("a volume of %d bytes: %w", size, err)
	}
	return nil
}

// FreeVolume makes it a folder again. Its contents are lost.
func FreeVolume(dir string) error {
	if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmounting %s: %w", dir, err)
	}
	return nil
}

// FreeSpace is what can still be written to the file system of a folder, in bytes.
func FreeSpace(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("the space of %s: %w", dir, err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// filler is the file that a volume is filled with.
const filler = "slotstorm-filler"

// FillVolume takes all the space that the file system of a folder has left.
func FillVolume(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, filler), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("filling %s: %w", dir, err)
	}
	block := make([]byte, 1<<16)
	for err == nil {
		_, err = f.Write(block)
		// The last bytes are less than a block.
		for len(block) > 1 && errors.Is(err, unix.ENOSPC) {
			block = block[:len(block)/2]
			_, err = f.Write(block)
		}
	}
	if errors.Is(err, unix.ENOSPC) {
		err = nil
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("filling %s: %w", dir, err)
	}
	return nil
}

// EmptyVolume gives the space back that FillVolume took.
func EmptyVolume(dir string) error {
	if err := os.Remove(filepath.Join(dir, filler)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("giving the space of %s back: %w", dir, err)
	}
	return nil
}
