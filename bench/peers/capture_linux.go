package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// captureBuffer holds all packets of a run: fetching them meanwhile would take the
// servers' processor from them again and again, and a client whose connections all
// wait for a reply cannot send. The kernel counts about 1.3 kB for a packet.
const captureBuffer = 768 << 20

// capture gives the time at which each GET went out to a port of the loopback
// device, in nanoseconds, until times is called. The kernel takes the time when TCP
// hands the packet to the device, which on loopback is within the system call that
// sent it, on the sender's processor. It needs the right to open packet sockets,
// as root has it.
func capture(port int) (times func() ([]int64, error), err error) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		return nil, fmt.Errorf("finding the loopback device: %w", err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("capturing packets needs root: %w", err)
	}
	// Outgoing packets to the port; loopback shows each as an incoming one too.
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: packetType},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 5, K: unix.PACKET_OUTGOING},
		// Without those that only acknowledge: their whole length is of headers.
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: 2},
		{Code: unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K, Jf: 3, K: mostHeaders},
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: ipHeader + 2},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(port)},
		{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16},
		{Code: unix.BPF_RET | unix.BPF_K},
	}
	for _, set := range []func() error{
		func() error {
			return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
		},
		func() error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, captureBuffer) },
		func() error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) },
		func() error {
			var protocol [2]byte
			binary.BigEndian.PutUint16(protocol[:], unix.ETH_P_ALL)
			return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: binary.NativeEndian.Uint16(protocol[:]), Ifindex: lo.Index})
		},
	} {
		if err := set(); err != nil {
			_ = unix.Close(fd)
			return nil, fmt.Errorf("capturing packets: %w", err)
		}
	}
	return func() ([]int64, error) {
		defer unix.Close(fd)
		return drain(fd)
	}, nil
}

// sleep wakes at a rate for some time and does nothing else, and reports how late it
// woke: no program can be more punctual on this machine, unless it does not sleep.
func sleep(rate int, length time.Duration) paced {
	late := make(chan []float64)
	// The thread, whose timers it has changed, ends with the goroutine.
	go func() {
		runtime.LockOSThread()
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it, later
		clock := func() int64 {
			var now unix.Timespec
			_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // every Linux has this clock
			return now.Nano()
		}
		start, list := clock(), make([]float64, int(length.Seconds()*float64(rate)))
		for i := range list {
			due := start + int64(i+1)*int64(time.Second)/int64(rate)
			now := clock()
			for ; now < due; now = clock() { // a signal may end it early
				until := unix.NsecToTimespec(due)
				_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil)
			}
			list[i] = float64(now-due) / 1e3
		}
		late <- list
	}()
	return lateness(<-late, float64(rate))
}

// packetType is where a filter finds whether a packet comes or goes: SKF_AD_OFF +
// SKF_AD_PKTTYPE of linux/filter.h.
const packetType = 0xffff_f000 + 4

// ipHeader is the length of an IPv4 header without options; mostHeaders that of it
// and of a TCP header with its times.
const (
	ipHeader    = 20
	mostHeaders = ipHeader + 32
)

// drain fetches what has been captured.
func drain(fd int) (list []int64, err error) {
	packet, control := make([]byte, 1<<16), make([]byte, 256)
	for {
		n, controls, _, _, err := unix.Recvmsg(fd, packet, control, unix.MSG_DONTWAIT)
		switch err {
		case nil:
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			var s struct{ packets, drops uint32 }
			size := uint32(unsafe.Sizeof(s))
			if _, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS,
				uintptr(unsafe.Pointer(&s)), uintptr(unsafe.Pointer(&size)), 0); errno != 0 {
				return list, fmt.Errorf("counting captured packets: %w", errno)
			}
			if s.drops > 0 {
				return list, fmt.Errorf("%d packets were not captured", s.drops)
			}
			return list, nil
		default:
			return list, fmt.Errorf("capturing packets: %w", err)
		}
		messages, err := unix.ParseSocketControlMessage(control[:controls])
		if err != nil || len(messages) == 0 || len(messages[0].Data) < 16 {
			return list, fmt.Errorf("a captured packet has no time: %w", err)
		}
		at := int64(binary.NativeEndian.Uint64(messages[0].Data))*1e9 + int64(binary.NativeEndian.Uint64(messages[0].Data[8:]))
		for range bytes.Count(packet[:n], []byte("$3\r\nGET\r\n")) {
			list = append(list, at)
		}
	}
}
