package resp

import (
	"bytes"
	"net"
	"strconv"
)

// Slots is the number of hash slots of a Redis Cluster.
const Slots = 16384

// crcTable is CRC-16/XMODEM by bytes: polynomial 0x1021, start 0, no
// reflection, no final xor, as the Redis Cluster specification asks.
var crcTable = makeTable()

func makeTable() (t [256]uint16) {
	for i := range t {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			crc <<= 1
			if carry {
				crc ^= 0x1021
			}
		}
		t[i] = crc
	}
	return t
}

// CRC goes on with the CRC-16/XMODEM crc, 0 at the start, over b. Keys with a
// common beginning can share its state.
func CRC(crc uint16, b []byte) uint16 {
	for _, c := range b {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^c]
	}
	return crc
}

// Slot is the hash slot of a key, 0 to 16383: CRC mod 16384 of its hash tag,
// or of the whole key where it has none.
func Slot(key []byte) uint16 { return CRC(0, HashTag(key)) % Slots }

// HashTag is the part of a key that is hashed: what stands between the first
// '{' and the first '}' behind it, or the whole key if there is no such pair
// or nothing in between.
func HashTag(key []byte) []byte {
	open := bytes.IndexByte(key, '{')
	if open < 0 {
		return key
	}
	n := bytes.IndexByte(key[open+1:], '}')
	if n <= 0 {
		return key
	}
	return key[open+1 : open+1+n]
}

// Redirect is what a MOVED or ASK error says.
type Redirect struct {
	// Ask is true for ASK: this one request goes to Addr behind an ASKING, the
	// slot stays where it is. False is MOVED: the slot lives at Addr now.
	Ask  bool
	Slot uint16
	// Host is an IP address or a name; empty means the host that answered.
	// Brackets around an IPv6 address are left out.
	Host []byte
	Port uint16
}

// Addr is where the redirect leads, as host:port; from is who sent it.
func (r Redirect) Addr(from string) string {
	host := string(r.Host)
	if host == "" {
		host, _, _ = net.SplitHostPort(from)
	}
	return net.JoinHostPort(host, strconv.Itoa(int(r.Port)))
}

// ParseRedirect reads the message of an error reply; ok is false if it is not a
// well-formed MOVED or ASK. Host points into msg. A host of '?', which a server
// sends that does not know its own name, counts as empty.
func ParseRedirect(msg []byte) (r Redirect, ok bool) {
	word, rest, _ := bytes.Cut(msg, []byte{' '})
	switch string(word) {
	case "MOVED":
	case "ASK":
		r.Ask = true
	default:
		return Redirect{}, false
	}
	digits, addr, _ := bytes.Cut(rest, []byte{' '})
	slot, ok := parseInt(digits)
	if !ok || slot < 0 || slot >= Slots {
		return Redirect{}, false
	}
	addr, _, _ = bytes.Cut(addr, []byte{' '})
	// The last colon parts host and port: an IPv6 address has more of them and
	// Redis writes it without brackets.
	colon := bytes.LastIndexByte(addr, ':')
	if colon < 0 {
		return Redirect{}, false
	}
	port, ok := parseInt(addr[colon+1:])
	if !ok || port < 1 || port > 65535 {
		return Redirect{}, false
	}
	host := addr[:colon]
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	if string(host) == "?" {
		host = nil
	}
	r.Slot, r.Host, r.Port = uint16(slot), host, uint16(port)
	return r, true
}
