package shape

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Messages and attributes of NFQUEUE. Source: linux/netfilter/nfnetlink_queue.h; those
// of golang.org/x/sys/unix end before them.
const (
	messagePacket  = unix.NFNL_SUBSYS_QUEUE << 8
	messageVerdict = unix.NFNL_SUBSYS_QUEUE<<8 | 1
	messageConfig  = unix.NFNL_SUBSYS_QUEUE<<8 | 2

	attrPacketHeader  = 1
	attrVerdictHeader = 2
	attrPayload       = 10
	attrLength        = 13 // of the whole packet, where less was copied

	configCommand   = 1
	configCopy      = 2
	configMost      = 3
	configMask      = 4
	configFlags     = 5
	commandBind     = 1
	copyPacket      = 2
	flagWhole       = 1 << 2 // large segments arrive as they are, unsplit
	verdictDrop     = 0
	verdictAccept   = 1
	headerLen       = unix.SizeofNlMsghdr + 4 // with nfgenmsg
	verdictLen      = headerLen + unix.SizeofNlAttr + 8
	alignTo         = 4
	mostHeld        = 1 << 18 // packets; the kernel loses those beyond
	receiveBuffer   = 32 << 20
	headers         = 128 // bytes of a packet that are enough to see its connection
	batch           = 256
	mostDatagram    = MostPacket + 4096
	verdictsAtATime = 512
	mostReaders     = 1000 // queues that other processes read
)

// queues reads queues of the kernel, and writes verdicts.
type queues struct {
	fd      int
	numbers []uint16
	in, out []byte
	// sequence is that of the last message of the configuration.
	sequence uint32
}

// openQueues takes n queues that no other process reads.
func openQueues(n int) (*queues, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("opening netlink: %w", err)
	}
	q := &queues{fd: fd, in: make([]byte, mostDatagram)}
	if err := q.prepare(n); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return q, nil
}

func (q *queues) prepare(n int) error {
	if err := unix.Bind(q.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("binding netlink: %w", err)
	}
	// An ordinary user may not exceed the machine's bound: less is no error.
	if unix.SetsockoptInt(q.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		if err := unix.SetsockoptInt(q.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer); err != nil {
			return fmt.Errorf("the buffer of netlink: %w", err)
		}
	}
	for len(q.numbers) < n {
		if err := q.takeNext(); err != nil {
			return err
		}
	}
	// The acknowledgements are read. From here on errors of single verdicts, and packets
	// that the buffer cannot hold, must not end the reading.
	if err := unix.SetsockoptInt(q.fd, unix.SOL_NETLINK, unix.NETLINK_NO_ENOBUFS, 1); err != nil {
		return fmt.Errorf("preparing netlink: %w", err)
	}
	return nil
}

// takeNext takes the first free queue. One that another process reads is refused with
// EBUSY or EPERM.
func (q *queues) takeNext() error {
	number := uint16(1)
	if len(q.numbers) > 0 {
		number = q.numbers[len(q.numbers)-1] + 1
	}
	for last := number + mostReaders; ; number++ {
		err := q.configure(number)
		if err == nil {
			q.numbers = append(q.numbers, number)
			return nil
		}
		if taken := errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EPERM); !taken || number == last {
			return fmt.Errorf("taking a queue of packets (NFQUEUE): %w", err)
		}
	}
}

func (q *queues) configure(number uint16) error {
	be := binary.BigEndian
	bind := attribute(nil, configCommand, []byte{commandBind, 0, 0, 0})
	if err := q.ask(number, bind); err != nil {
		return err
	}
	rest := attribute(nil, configCopy, append(be.AppendUint32(nil, headers), copyPacket))
	rest = attribute(rest, configMost, be.AppendUint32(nil, mostHeld))
	rest = attribute(rest, configMask, be.AppendUint32(nil, flagWhole))
	rest = attribute(rest, configFlags, be.AppendUint32(nil, flagWhole))
	return q.ask(number, rest)
}

// ask sends a message and awaits its acknowledgement.
func (q *queues) ask(number uint16, attributes []byte) error {
	q.sequence++
	m := header(nil, messageConfig, unix.NLM_F_REQUEST|unix.NLM_F_ACK, number, len(attributes))
	binary.NativeEndian.PutUint32(m[8:], q.sequence)
	if err := unix.Sendto(q.fd, append(m, attributes...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	// The kernel answers within the call. A packet may come before the answer.
	for {
		n, _, err := unix.Recvfrom(q.fd, q.in, 0)
		if err != nil {
			return err
		}
		if n < headerLen || binary.NativeEndian.Uint16(q.in[4:]) != unix.NLMSG_ERROR {
			continue // a packet: the kernel holds it until the queue is closed
		}
		if code := int32(binary.NativeEndian.Uint32(q.in[unix.SizeofNlMsghdr:])); code != 0 {
			return unix.Errno(-code)
		}
		return nil
	}
}

func header(b []byte, kind, flags uint16, queue uint16, payload int) []byte {
	b = binary.NativeEndian.AppendUint32(b, uint32(headerLen+payload))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // sequence and sender
	b = append(b, unix.AF_UNSPEC, 0)
	return binary.BigEndian.AppendUint16(b, queue)
}

func attribute(b []byte, kind uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofNlAttr+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	for len(b)%alignTo != 0 {
		b = append(b, 0)
	}
	return b
}

// arrival is a packet that the kernel holds.
type arrival struct {
	queue uint16
	id    uint32
	bytes int
	// data begins with the IPv4 header; it is valid until the next read.
	data []byte
}

// read gives the next packet; false if none waits.
func (q *queues) read() (arrival, bool, error) {
	for {
		n, _, err := unix.Recvfrom(q.fd, q.in, 0)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return arrival{}, false, nil
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ENOBUFS):
			continue
		case err != nil:
			return arrival{}, false, fmt.Errorf("reading packets: %w", err)
		}
		if a, ok := parse(q.in[:n]); ok {
			return a, true, nil
		}
	}
}

// parse reads a message that holds a packet.
func parse(m []byte) (arrival, bool) {
	if len(m) < headerLen || binary.NativeEndian.Uint16(m[4:]) != messagePacket {
		return arrival{}, false
	}
	a := arrival{queue: binary.BigEndian.Uint16(m[headerLen-2:])}
	m = m[headerLen:]
	known := false
	for len(m) >= unix.SizeofNlAttr {
		size, kind := int(binary.NativeEndian.Uint16(m)), binary.NativeEndian.Uint16(m[2:])&^uint16(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER)
		if size < unix.SizeofNlAttr || size > len(m) {
			break
		}
		value := m[unix.SizeofNlAttr:size]
		switch {
		case kind == attrPacketHeader && len(value) >= 4:
			a.id, known = binary.BigEndian.Uint32(value), true
		case kind == attrPayload:
			a.data, a.bytes = value, max(a.bytes, len(value))
		case kind == attrLength && len(value) >= 4:
			a.bytes = int(binary.BigEndian.Uint32(value))
		}
		m = m[min(len(m), (size+alignTo-1)/alignTo*alignTo):]
	}
	return a, known
}

// decide notes a verdict. It is sent by the next flush.
func (q *queues) decide(queue uint16, id uint32, verdict uint32) error {
	q.out = header(q.out, messageVerdict, unix.NLM_F_REQUEST, queue, unix.SizeofNlAttr+8)
	q.out = binary.NativeEndian.AppendUint16(q.out, unix.SizeofNlAttr+8)
	q.out = binary.NativeEndian.AppendUint16(q.out, attrVerdictHeader)
	q.out = binary.BigEndian.AppendUint32(q.out, verdict)
	q.out = binary.BigEndian.AppendUint32(q.out, id)
	if len(q.out) >= verdictsAtATime*verdictLen {
		return q.flush()
	}
	return nil
}

// flush sends all verdicts in one call.
func (q *queues) flush() error {
	if len(q.out) == 0 {
		return nil
	}
	err := unix.Sendto(q.fd, q.out, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	for errors.Is(err, unix.EINTR) {
		err = unix.Sendto(q.fd, q.out, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	}
	q.out = q.out[:0]
	if err != nil {
		return fmt.Errorf("passing packets on: %w", err)
	}
	return nil
}

// wait waits for packets, for a time at most.
func (q *queues) wait(limit time.Duration) error {
	ts := unix.NsecToTimespec(int64(max(0, limit)))
	_, err := unix.Ppoll([]unix.PollFd{{Fd: int32(q.fd), Events: unix.POLLIN}}, &ts, nil)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("waiting for packets: %w", err)
	}
	return nil
}

// close gives the queues back: packets pass at once from now on.
func (q *queues) close() error { return unix.Close(q.fd) }
