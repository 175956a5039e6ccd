package deployer

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// Member is a line of CLUSTER NODES: what one node says of another. Source:
// Redis documentation of CLUSTER NODES.
type Member struct {
	ID   string
	Addr string
	// Hostname is the one that it announces; empty if it announces none, or the answering
	// node does not know it yet.
	Hostname string
	// Self marks the node that answered.
	Self    bool
	Primary bool
	// PFail is the answering node's own suspicion (fail?), Fail the cluster's.
	PFail, Fail       bool
	Handshake, NoAddr bool
	// PrimaryID is a replica's primary.
	PrimaryID string
	Epoch     int64
	// Linked means that the bus link to it is up.
	Linked bool
	// Ranges are the slots that it serves, both ends included.
	Ranges [][2]int
	// Open are the slots that it is moving to or from another node: only the node itself
	// says so.
	Open []OpenSlot
}

// Announces are the addresses, HOST:PORT, by which a client may be sent to the node: its IP
// address, and its host name if it announces one. Source: cluster-preferred-endpoint-type in
// redis.conf.
func (m Member) Announces() []string {
	list := []string{m.Addr}
	if _, port, err := net.SplitHostPort(m.Addr); err == nil && m.Hostname != "" && m.Hostname != "?" {
		list = append(list, net.JoinHostPort(m.Hostname, port))
	}
	return list
}

// bracketed is IP:PORT as dials take it: CLUSTER NODES writes IPv6 without brackets.
func bracketed(addr string) string {
	i := strings.LastIndex(addr, ":")
	if i < 0 || !strings.Contains(addr[:i], ":") || strings.HasPrefix(addr, "[") {
		return addr
	}
	return net.JoinHostPort(addr[:i], addr[i+1:])
}

// OpenSlot is a slot that a node is moving to another one or, with Import, from it.
type OpenSlot struct {
	Slot   int
	Other  string
	Import bool
}

// Slots are Ranges as a set.
func (m Member) Slots() results.Slots {
	list := make([]results.SlotRange, len(m.Ranges))
	for i, r := range m.Ranges {
		list[i] = results.SlotRange{First: r[0], Last: r[1]}
	}
	return results.SlotsOf(list...)
}

// ParseNodes reads the answer of CLUSTER NODES.
func ParseNodes(text string) ([]Member, error) {
	var list []Member
	for n, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 8 {
			return nil, fmt.Errorf("CLUSTER NODES line %d has %d fields, not 8 or more", n+1, len(f))
		}
		m := Member{ID: f[0], Linked: f[7] == "connected"}
		// ip:port@busport[,hostname[,key=value...]]
		var more string
		m.Addr, more, _ = strings.Cut(f[1], "@")
		m.Addr = bracketed(m.Addr)
		_, more, _ = strings.Cut(more, ",")
		m.Hostname, _, _ = strings.Cut(more, ",")
		for flag := range strings.SplitSeq(f[2], ",") {
			switch flag {
			case "myself":
				m.Self = true
			case "master":
				m.Primary = true
			case "fail?":
				m.PFail = true
			case "fail":
				m.Fail = true
			case "handshake":
				m.Handshake = true
			case "noaddr":
				m.NoAddr = true
			}
		}
		if f[3] != "-" {
			m.PrimaryID = f[3]
		}
		var err error
		if m.Epoch, err = strconv.ParseInt(f[6], 10, 64); err != nil {
			return nil, fmt.Errorf("CLUSTER NODES line %d: epoch %q", n+1, f[6])
		}
		for _, s := range f[8:] {
			if strings.HasPrefix(s, "[") {
				open, err := parseOpen(s)
				if err != nil {
					return nil, fmt.Errorf("CLUSTER NODES line %d: %w", n+1, err)
				}
				m.Open = append(m.Open, open)
				continue
			}
			r, err := parseRange(s)
			if err != nil {
				return nil, fmt.Errorf("CLUSTER NODES line %d: %w", n+1, err)
			}
			m.Ranges = append(m.Ranges, r)
		}
		list = append(list, m)
	}
	return list, nil
}

// parseOpen reads [93->-ID] of a slot that goes to another node, and [93-<-ID] of one that comes.
func parseOpen(s string) (OpenSlot, error) {
	slot, other, leaves := strings.Cut(strings.Trim(s, "[]"), "->-")
	if !leaves {
		slot, other, _ = strings.Cut(strings.Trim(s, "[]"), "-<-")
	}
	number, err := strconv.Atoi(slot)
	if err != nil || number < 0 || number >= Slots || other == "" {
		return OpenSlot{}, fmt.Errorf("open slot %.60q", s)
	}
	return OpenSlot{number, other, !leaves}, nil
}

func parseRange(s string) ([2]int, error) {
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		to = from
	}
	a, err1 := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || a < 0 || b < a || b >= Slots {
		return [2]int{}, fmt.Errorf("slot range %q", s)
	}
	return [2]int{a, b}, nil
}

// field reads one "name:value" line of an INFO-like answer.
func field(text, name string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
