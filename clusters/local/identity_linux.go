package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Identify gives the identity of a process. It must not have been reaped.
func Identify(pid int) (Identity, error) {
	here, err := where()
	if err != nil {
		return Identity{}, err
	}
	st, err := readStat(pid)
	if err != nil {
		return Identity{}, fmt.Errorf("identifying process %d: %w", pid, err)
	}
	uid, err := owner(pid)
	if err != nil {
		return Identity{}, fmt.Errorf("identifying process %d: %w", pid, err)
	}
	return Identity{PID: pid, Start: st.start, Boot: here.boot, Namespace: here.pids, UID: uid}, nil
}

// origin is where a process number has its meaning.
type origin struct{ boot, pids string }

func where() (origin, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return origin{}, fmt.Errorf("reading the boot id: %w", err)
	}
	pids, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return origin{}, fmt.Errorf("reading the PID namespace: %w", err)
	}
	return origin{strings.TrimSpace(string(boot)), pids}, nil
}

// stat is what is needed of /proc/PID/stat.
type stat struct {
	group int
	start uint64
}

// readStat reads /proc/PID/stat. Source: proc(5): pgrp is the 5th field, starttime
// the 22nd; the second is the name in parentheses, which may hold any character.
func readStat(pid int) (stat, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("/proc/%d/stat has %d fields after the name", pid, len(fields))
	}
	group, err := strconv.Atoi(string(fields[2]))
	if err != nil {
		return stat{}, err
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	return stat{group, start}, err
}

// owner is the real user of a process.
func owner(pid int) (int, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(raw) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "Uid:" {
			return strconv.Atoi(string(fields[1]))
		}
	}
	return 0, fmt.Errorf("/proc/%d/status names no user", pid)
}

// End ends a process and what it has forked, if it is the recorded one beyond doubt:
// number, start, boot, namespace of process numbers and user are those of the record,
// and its working folder is below folder. It gives the processes that it ended; none
// if the recorded one is gone. An error that is ErrUnsure says that a process which
// might be it was left alone.
//
// The process is held by a pidfd, which is opened before it is looked at: a number
// that is given out anew is never signalled.
func End(ctx context.Context, id Identity, folder string) ([]int, error) {
	if err := id.valid(); err != nil {
		return nil, err
	}
	here, err := where()
	switch {
	case err != nil:
		return nil, err
	case id.Boot != here.boot:
		return nil, nil // nothing outlives a boot
	case id.Namespace != here.pids:
		return nil, id.unsure("it was started in another PID namespace (%s, here is %s), such as a container's: recover the run there, and if that has ended so has the process", id.Namespace, here.pids)
	case id.UID != os.Geteuid():
		return nil, id.unsure("it runs as user %d, and this is user %d: recover the run as its user", id.UID, os.Geteuid())
	}
	held, err := hold(id)
	if held == nil || err != nil {
		return nil, err
	}
	defer held.release()
	if err := held.standsIn(folder); err != nil {
		return nil, err
	}
	return held.endGroup(ctx)
}

// held is a process that a pidfd holds: signals reach it or nobody.
type held struct {
	id Identity
	fd int
}

// hold takes hold of a process, and gives nil if it is gone.
func hold(id Identity) (*held, error) {
	fd, err := unix.PidfdOpen(id.PID, 0)
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOENT):
		// Nobody has the number, or a thread of another process has it.
		return nil, nil
	case err != nil:
		return nil, id.unsure("the kernel gives no pidfd: %v", err)
	}
	h := &held{id, fd}
	alive, err := h.alive()
	if !alive || err != nil {
		h.release()
		return nil, err
	}
	return h, nil
}

func (h *held) release() { _ = unix.Close(h.fd) }

// alive reports whether the process is the recorded one, and has not ended. Who has
// its number now is who had it when the pidfd was opened if that is the recorded
// process: a later one would have started later.
func (h *held) alive() (bool, error) {
	st, err := readStat(h.id.PID)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) || err == nil && st.start != h.id.Start {
		return false, nil
	}
	if err != nil {
		return false, h.id.unsure("it cannot be looked at: %v", err)
	}
	if ended, err := h.ended(0); ended || err != nil {
		return false, err
	}
	uid, err := owner(h.id.PID)
	if err != nil || uid != h.id.UID {
		return false, h.id.unsure("it was user %d's, and is user %d's now (%v)", h.id.UID, uid, err)
	}
	return true, nil
}

// ended waits up to some milliseconds for the end of the process. Source:
// pidfd_open(2): the descriptor is readable once the process has ended.
func (h *held) ended(wait int) (bool, error) {
	list := []unix.PollFd{{Fd: int32(h.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(list, wait)
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return n > 0, err
}

// standsIn is an error unless the working folder of the process is below folder. It
// is no proof of anything: it keeps a record that somebody made up from naming
// processes that never had to do with the run.
func (h *held) standsIn(folder string) error {
	folder, err := filepath.EvalSymlinks(folder)
	if errors.Is(err, os.ErrNotExist) {
		return h.id.unsure("the run's volumes are gone, and a node stands in its volume")
	}
	if err != nil {
		return err
	}
	at, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", h.id.PID))
	if err != nil || !strings.HasPrefix(at, folder+"/") {
		return h.id.unsure("its working folder is %q (%v), which is not in %s", at, err, folder)
	}
	return nil
}

// endGroup ends the process with the group that it leads. It is stopped first, so
// that it forks nothing while its group is listed.
func (h *held) endGroup(ctx context.Context) (ended []int, err error) {
	if err := h.signal(unix.SIGSTOP); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.signal(unix.SIGCONT))
		}
	}()
	members, err := h.members()
	defer func() {
		for _, m := range members {
			m.release()
		}
	}()
	if err != nil {
		return nil, err
	}
	for _, m := range append(members, h) {
		if err := m.end(ctx); err != nil {
			return ended, err
		}
		ended = append(ended, m.id.PID)
	}
	return ended, nil
}

// end ends the process alone, and waits until it has ended.
func (h *held) end(ctx context.Context) error {
	if err := h.signal(unix.SIGKILL); err != nil {
		return err
	}
	for {
		over, err := h.ended(100)
		if over || err != nil {
			return err
		}
		if ctx.Err() != nil {
			return h.id.unsure("it does not end after SIGKILL")
		}
	}
}

// members are the other processes of the group that the process leads. Nobody else
// can lead a group of its number while it lives, which is looked at last.
func (h *held) members() ([]*held, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var list []*held
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == h.id.PID || pid == os.Getpid() {
			continue
		}
		st, err := readStat(pid)
		if err != nil || st.group != h.id.PID {
			continue
		}
		m, err := hold(Identity{PID: pid, Start: st.start, UID: h.id.UID})
		if err != nil {
			return list, err
		}
		if m != nil {
			list = append(list, m)
		}
	}
	alive, err := h.alive()
	if err == nil && !alive {
		// Its end takes the certainty about the group with it.
		err = h.id.unsure("it ended by itself, and so %d processes that it had forked were left alone", len(list))
	}
	return list, err
}

// signal sends a signal after one more look. A process that has ended is no error.
func (h *held) signal(s unix.Signal) error {
	alive, err := h.alive()
	if !alive || err != nil {
		return err
	}
	if err := unix.PidfdSendSignal(h.fd, s, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return h.id.unsure("the kernel refuses the signal: %v", err)
	}
	return nil
}
