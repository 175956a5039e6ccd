package local

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// roomEnv marks the inner process. Its value is "room".
const roomEnv = "SLOTSTORM_ROOM"

// File descriptors that the inner process inherits: the read end of a pipe that
// closes when the outer process dies, and the write end of the handshake.
const (
	aliveFD     = 3
	handshakeFD = 4
)

// newsFD is the first of the files that the caller of Enter passes on.
const newsFD = 5

// News is the file that the outer process passed to Enter, for the inner one to
// write to. It is valid inside a room that was entered with one.
func News() *os.File { return os.NewFile(newsFD, "news") }

const handshakeOK = "sealed"

// Enter runs this program again, with the same arguments, in a sealed room.
//
// If entered is true the inner process ran and ended with code; the caller has
// nothing left to do but exit with it. If it is false and err is nil the caller
// goes on in this process, in room. With isolation Namespaces a refusal by the
// kernel is an error; with Auto it is a room that is not sealed.
//
// Each of signals is passed on to the inner process once it is ready for them. news,
// if not nil, is a file that the inner process inherits.
func Enter(isolation string, news *os.File, signals <-chan os.Signal) (room Room, code int, entered bool, err error) {
	if isolation == None {
		return Room{Why: "isolation: none"}, 0, false, nil
	}
	var refused error
	for _, flags := range doors() {
		code, refused = pass(flags, news, signals)
		if refused == nil {
			return Room{Sealed: true}, code, true, nil
		}
	}
	if isolation == Namespaces {
		return Room{}, 0, false, fmt.Errorf("the kernel refuses namespaces: %w", refused)
	}
	return Room{Why: "the kernel refuses namespaces: " + refused.Error()}, 0, false, nil
}

const bareDoor = unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWNS

// doors are the sets of namespaces to try, best first. Root needs no user
// namespace, unless it is a root without capabilities, as in a container.
func doors() []uintptr {
	if os.Geteuid() == 0 {
		return []uintptr{bareDoor, bareDoor | unix.CLONE_NEWUSER}
	}
	return []uintptr{bareDoor | unix.CLONE_NEWUSER}
}

func attributes(flags uintptr) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: flags,
		Pdeathsig:  syscall.SIGKILL,
		// A group of its own, so that a terminal's Ctrl-C reaches the inner
		// process once: through the outer one.
		Setpgid: true,
	}
	if flags&unix.CLONE_NEWUSER != 0 {
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// pass runs the inner process behind a set of namespaces. An error means that they are
// refused.
func pass(flags uintptr, news *os.File, signals <-chan os.Signal) (int, error) {
	// Pdeathsig follows the thread that made the child, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("finding this program: %w", err)
	}
	aliveR, aliveW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer aliveW.Close()
	shakeR, shakeW, err := os.Pipe()
	if err != nil {
		aliveR.Close()
		return 0, err
	}
	defer shakeR.Close()

	cmd := inner(self, flags, aliveR, shakeW, news)
	err = cmd.Start()
	aliveR.Close()
	shakeW.Close()
	if err != nil {
		return 0, err
	}
	said, err := io.ReadAll(shakeR)
	if err != nil || strings.TrimSpace(string(said)) != handshakeOK {
		if werr := cmd.Wait(); err == nil && len(said) == 0 {
			err = werr
		}
		if err != nil {
			return 0, fmt.Errorf("setting the room up: %w", err)
		}
		return 0, fmt.Errorf("setting the room up: %s", strings.TrimSpace(string(said)))
	}
	return attend(cmd, signals)
}

// inner is the inner process, with the files that it inherits.
func inner(self string, flags uintptr, alive, shake, news *os.File) *exec.Cmd {
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{alive, shake}
	if news != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, news)
	}
	cmd.Env = append(os.Environ(), roomEnv+"=room")
	cmd.SysProcAttr = attributes(flags)
	return cmd
}

// attend passes signals on to the inner process until it ends, and returns its exit
// code.
func attend(cmd *exec.Cmd, signals <-chan os.Signal) (int, error) {
	ended := make(chan struct{})
	forwarded := make(chan struct{})
	go func() {
		defer close(forwarded)
		for {
			select {
			case s := <-signals:
				_ = cmd.Process.Signal(s) // it may have ended meanwhile
			case <-ended:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(ended)
	<-forwarded
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil
	case errors.As(err, &exit):
		status, _ := exit.Sys().(syscall.WaitStatus)
		fmt.Fprintf(os.Stderr, "slotstorm: the run's process was ended by %v; the kernel has removed its nodes and its network\n", status.Signal())
		return 128 + int(status.Signal()), nil
	}
	return 1, nil
}

// Inside reports whether this process is the inner one, and if so finishes the
// room from within: loopback up, a /proc of its own. It must be called first
// thing in main. An error means that the room is refused after all; the outer
// process knows, and this one should exit.
func Inside() (bool, error) {
	if os.Getenv(roomEnv) != "room" || os.Getpid() != 1 {
		return false, nil
	}
	_ = os.Unsetenv(roomEnv) // the name is valid: it cannot fail
	shake := os.NewFile(handshakeFD, "handshake")
	err := Furnish()
	if err != nil {
		fmt.Fprintln(shake, err)
		shake.Close()
		return true, err
	}
	fmt.Fprintln(shake, handshakeOK)
	shake.Close()
	unix.CloseOnExec(aliveFD)
	unix.CloseOnExec(newsFD) // if there is none, this fails, and does no harm
	alive := os.NewFile(aliveFD, "alive")
	go func() {
		// Nothing is ever written: the read ends when the outer process does.
		_, _ = bufio.NewReader(alive).ReadByte()
		os.Exit(1)
	}()
	return true, nil
}

// Furnish finishes a room from within: it brings the loopback interface up, and mounts a
// /proc that has the processes of the room.
func Furnish() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("finding the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("bringing the loopback interface up: %w", err)
	}
	return ownProc()
}

// ownProc mounts a /proc that has the processes of the room. With that of the machine,
// faults would read and stop processes that have the same numbers there.
func ownProc() error {
	err := private()
	if err == nil {
		err = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	}
	if err != nil {
		return fmt.Errorf("mounting a /proc of its own: %w", err)
	}
	self, err := os.Readlink("/proc/self")
	if err != nil {
		return fmt.Errorf("reading its /proc: %w", err)
	}
	if self != strconv.Itoa(os.Getpid()) {
		return fmt.Errorf("its /proc has this process as %s, not as %d", self, os.Getpid())
	}
	return nil
}

// private keeps the mounts of the room, also those of volumes, from the machine.
func private() error {
	if unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") == nil {
		return nil
	}
	// In a chroot / is no mount point. A thread that enters the mount namespace again is at
	// the root of it, outside of the chroot.
	namespace, err := os.Open("/proc/thread-self/ns/mnt")
	if err != nil {
		return err
	}
	defer namespace.Close()
	done := make(chan error)
	go func() {
		// The thread ends with this function, and its root with it.
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_FS)
		if err == nil {
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNS)
		}
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		done <- err
	}()
	return <-done
}
