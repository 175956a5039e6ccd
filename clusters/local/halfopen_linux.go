package local

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// HalfOpens lists the half-open connections of this network. Source: proc(5) on
// /proc/net/tcp and tcp6; state 03 is SYN_RECV.
func HalfOpens() ([]HalfOpen, error) {
	var list []HalfOpen
	for _, file := range []string{"tcp", "tcp6"} {
		raw, err := os.ReadFile("/proc/thread-self/net/" + file)
		if errors.Is(err, fs.ErrNotExist) && file == "tcp6" {
			continue // the kernel has no IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("reading the connections: %w", err)
		}
		open, err := halfOpens(string(raw))
		if err != nil {
			return nil, fmt.Errorf("reading the connections: %w", err)
		}
		list = append(list, open...)
	}
	return list, nil
}

// halfOpens are those in the contents of a file.
func halfOpens(raw string) ([]HalfOpen, error) {
	var list []HalfOpen
	for line := range strings.Lines(raw) {
		f := strings.Fields(line)
		if len(f) < 4 || f[3] != "03" {
			continue
		}
		local, err := endOf(f[1])
		if err != nil {
			return nil, err
		}
		remote, err := endOf(f[2])
		if err != nil {
			return nil, err
		}
		list = append(list, HalfOpen{Local: local, Remote: remote.Addr()})
	}
	return list, nil
}

// endOf reads "0101007F:18EB", or an address of 128 bits: words of 32 bits in the machine's
// own order, and the port. An IPv4 address in an IPv6 one is that IPv4 address.
func endOf(text string) (netip.AddrPort, error) {
	addr, p, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(addr)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, fmt.Errorf("address %q", text)
	}
	port, err := strconv.ParseUint(p, 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("port %q", text)
	}
	for word := range slices.Chunk(b, 4) {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	ip, _ := netip.AddrFromSlice(b) // of 4 or 16 bytes
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
}
