package local

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// HalfOpens lists the half-open connections of this network. Source: proc(5) on
// /proc/net/tcp; state 03 is SYN_RECV.
func HalfOpens() ([]HalfOpen, error) {
	raw, err := os.ReadFile("/proc/thread-self/net/tcp")
	if err != nil {
		return nil, fmt.Errorf("reading the connections: %w", err)
	}
	var list []HalfOpen
	for _, line := range strings.Split(string(raw), "\n") {
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

// endOf reads "0101007F:18EB": address in the machine's own (here: reversed)
// order, port.
func endOf(text string) (netip.AddrPort, error) {
	addr, p, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(addr)
	if err != nil || len(b) != 4 {
		return netip.AddrPort{}, fmt.Errorf("reading the connections: address %q", text)
	}
	port, err := strconv.ParseUint(p, 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("reading the connections: port %q", text)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{b[3], b[2], b[1], b[0]}), uint16(port)), nil
}
