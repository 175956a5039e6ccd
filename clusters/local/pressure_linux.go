package local

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
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

// bounds are the files, below /sys/fs/cgroup, that hold a container's bound of
// memory, its use of it, and how much of that is a cache which the kernel gives up
// first, in bytes: of control groups of version 2 and 1. Source: the kernel's
// admin-guide/cgroup-v2 and cgroup-v1/memory.
var bounds = []struct{ most, used, stat, cache string }{
	{"memory.max", "memory.current", "memory.stat", "inactive_file"},
	{"memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"},
}

// FreeInContainer is what is left of the bound of the container that this process
// is in, in bytes. An error means that there is none, or that it is not known.
func FreeInContainer() (int64, error) { return freeIn(os.DirFS("/sys/fs/cgroup")) }

// freeIn is what is left of the bound of the control group with these files.
func freeIn(group fs.FS) (int64, error) {
	number := func(file string) (int64, error) {
		raw, err := fs.ReadFile(group, file)
		if err != nil {
			return 0, err
		}
		return strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64)
	}
	var errs []error
	for _, b := range bounds {
		most, err := number(b.most)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		used, err := number(b.used)
		if err != nil {
			return 0, err
		}
		stat, err := fs.ReadFile(group, b.stat)
		if err != nil {
			return 0, err
		}
		var cache int64
		for line := range bytes.Lines(stat) {
			if n, _ := fmt.Sscanf(string(line), b.cache+" %d", &cache); n == 1 {
				break
			}
		}
		return most - used + cache, nil
	}
	return 0, errors.Join(errs...)
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
