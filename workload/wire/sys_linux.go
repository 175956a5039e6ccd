package wire

import (
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of the hot path are raw: they never block for long, and announcing
// each to the scheduler costs more than it gains. The rest goes through package
// unix.

type epoll struct {
	fd     int
	events []unix.EpollEvent
	ts     unix.Timespec
	// millis is set on kernels before 5.11, which lack epoll_pwait2: waits are
	// then rounded up to whole milliseconds.
	millis bool
}

func newEpoll(events int) (*epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return &epoll{fd: fd, events: make([]unix.EpollEvent, events)}, nil
}

// set changes what a descriptor is watched for; op is one of unix.EPOLL_CTL_*.
// gen marks events of an earlier descriptor as stale.
func (e *epoll) set(op, fd int, want uint32, index, gen int32) error {
	return unix.EpollCtl(e.fd, op, fd, &unix.EpollEvent{Events: want, Fd: index, Pad: gen})
}

// wait waits for events, up to d; 0 only looks. A raw one keeps its P. An
// interrupted wait has no events: that is how the collector and the scheduler get
// hold of the thread in a raw one.
func (e *epoll) wait(d time.Duration, raw bool) []unix.EpollEvent {
	var n int
	errno := syscall.ENOSYS
	if !e.millis {
		e.ts = unix.NsecToTimespec(int64(d))
		n, errno = e.call(unix.SYS_EPOLL_PWAIT2, uintptr(unsafe.Pointer(&e.ts)), raw)
		e.millis = errno == syscall.ENOSYS
	}
	if e.millis {
		ms := (d + time.Millisecond - 1) / time.Millisecond
		n, errno = e.call(unix.SYS_EPOLL_PWAIT, uintptr(ms), raw)
	}
	if errno != 0 {
		return nil
	}
	return e.events[:n]
}

// call makes one of the two wait calls. timeout may be an address within e,
// which is on the heap and does not move.
func (e *epoll) call(nr, timeout uintptr, raw bool) (int, syscall.Errno) {
	events := uintptr(unsafe.Pointer(&e.events[0]))
	var n uintptr
	var errno syscall.Errno
	if raw {
		n, _, errno = syscall.RawSyscall6(nr, uintptr(e.fd), events, uintptr(len(e.events)), timeout, 0, 0)
	} else {
		n, _, errno = syscall.Syscall6(nr, uintptr(e.fd), events, uintptr(len(e.events)), timeout, 0, 0)
	}
	return int(n), errno
}

// receive reads the bytes that have arrived. It returns 0 and no error at the end of the
// stream.
func receive(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])),
		uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// send writes as much as fits.
func send(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])),
		uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return int(n), errno
}

// connect starts a connection, from an address if that is valid; it stands when
// the descriptor is writable and connected says nil.
func connect(from netip.Addr, to netip.AddrPort) (fd int, err error) {
	domain := unix.AF_INET
	var sa unix.Sockaddr = &unix.SockaddrInet4{Port: int(to.Port())}
	if to.Addr().Is4() {
		sa = &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	} else {
		domain = unix.AF_INET6
		sa = &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	fd, err = unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err == nil && from.Is4() {
		// The port is left to connect, which knows the other end too: a local
		// address alone would run out of ports.
		if err = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err == nil {
			err = unix.Bind(fd, &unix.SockaddrInet4{Addr: from.As4()})
		}
	}
	if err == nil {
		err = unix.Connect(fd, sa)
	}
	if err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// connected reports how an attempt to connect ended.
func connected(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = syscall.Errno(n)
	}
	return err
}

// setTimerSlack says how late the kernel may wake this thread, in nanoseconds;
// 0 is the default, which is 50 µs.
func setTimerSlack(ns uintptr) error {
	return unix.Prctl(unix.PR_SET_TIMERSLACK, ns, 0, 0, 0)
}

// threadCPU is the processor time of this thread.
func threadCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
