package local

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
	"golang.org/x/sys/unix"
)

// tablePrefix marks the tables that are slotstorm's.
const tablePrefix = "slotstorm-"

// Cut puts rules in force, all at once, under a name of the caller's, in the
// network of this process: a sealed room's, or a pod's. They hold until Mend, or
// until the network is gone. With a limit above 0 the kernel itself takes them out
// of force after so long, whoever is still there.
func Cut(name string, rules []Rule, limit time.Duration) error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("opening nftables: %w", err)
	}
	sets := new(uint32)
	for _, f := range families {
		if err := f.write(c, tablePrefix+name, rules, ruleWriter{conn: c, limit: limit, sets: sets, family: f}); err != nil {
			return fmt.Errorf("preparing nftables rules: %w", err)
		}
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("adding nftables rules: %w", err)
	}
	return nil
}

// Mend takes the rules of a name out of force. Rules that are gone already are no
// error.
func Mend(name string) error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("opening nftables: %w", err)
	}
	tables, err := ours(c)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if t.Name == tablePrefix+name {
			c.DelTable(t)
		}
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("deleting nftables rules: %w", err)
	}
	return nil
}

// Cuts are the names under which rules are in force; those whose limit has passed
// are not.
func Cuts() ([]string, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, fmt.Errorf("opening nftables: %w", err)
	}
	tables, err := ours(c)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range tables {
		over, err := expired(c, t)
		if err != nil {
			return nil, err
		}
		// One name can have a table of each version of IP.
		if name := strings.TrimPrefix(t.Name, tablePrefix); !over && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// ours are the tables of slotstorm.
func ours(c *nftables.Conn) ([]*nftables.Table, error) {
	var list []*nftables.Table
	for _, f := range families {
		tables, err := c.ListTablesOfFamily(f.table)
		if err != nil {
			return nil, fmt.Errorf("listing nftables: %w", err)
		}
		for _, t := range tables {
			if strings.HasPrefix(t.Name, tablePrefix) {
				list = append(list, t)
			}
		}
	}
	return list, nil
}

// expired reports whether the table's sets had addresses with a limit, and have none
// any more.
func expired(c *nftables.Conn, t *nftables.Table) (bool, error) {
	sets, err := c.GetSets(t)
	if err != nil {
		return false, fmt.Errorf("reading nftables sets: %w", err)
	}
	over := false
	for _, s := range sets {
		if !s.HasTimeout {
			continue
		}
		elements, err := c.GetSetElements(s)
		if err != nil {
			return false, fmt.Errorf("reading nftables sets: %w", err)
		}
		if len(elements) > 0 {
			return false, nil
		}
		over = true
	}
	return over, nil
}

// Dropped is how many packets the rules of a name have taken so far.
func Dropped(name string) (uint64, error) {
	packets, _, err := Counted(name)
	return packets, err
}

// Counted are the packets that the rules of a name have taken so far, and their bytes,
// with the headers of IP.
func Counted(name string) (packets, size uint64, err error) {
	c, err := nftables.New()
	if err != nil {
		return 0, 0, fmt.Errorf("opening nftables: %w", err)
	}
	tables, err := ours(c)
	if err != nil {
		return 0, 0, err
	}
	found := false
	for _, t := range tables {
		if t.Name != tablePrefix+name {
			continue
		}
		found = true
		rules, err := c.GetRules(t, &nftables.Chain{Name: "input", Table: t})
		if err != nil {
			return 0, 0, fmt.Errorf("reading nftables rules: %w", err)
		}
		for _, r := range rules {
			for _, e := range r.Exprs {
				if counter, ok := e.(*expr.Counter); ok {
					packets, size = packets+counter.Packets, size+counter.Bytes
				}
			}
		}
	}
	if !found {
		return 0, 0, fmt.Errorf("reading nftables rules: there are none of %s", name)
	}
	return packets, size, nil
}

// family is a version of IP, with where its header has the addresses.
type family struct {
	table    nftables.TableFamily
	address  nftables.SetDatatype
	from, to uint32
	size     uint32
	// neighbours means that packets which find the hardware address of a neighbour are
	// packets of IP, and have to pass: a partition ends no link.
	neighbours bool
}

// families are the versions of IP. Sources: RFC 791, section 3.1, and RFC 8200, section 3.
var families = []family{
	{table: nftables.TableFamilyIPv4, address: nftables.TypeIPAddr, from: 12, to: 16, size: 4},
	{table: nftables.TableFamilyIPv6, address: nftables.TypeIP6Addr, from: 8, to: 24, size: 16, neighbours: true},
}

// of are the addresses of the family.
func (f family) of(list []netip.Addr) []netip.Addr {
	var mine []netip.Addr
	for _, a := range list {
		if a = a.Unmap().WithZone(""); uint32(a.BitLen()/8) == f.size {
			mine = append(mine, a)
		}
	}
	return mine
}

// write adds a table with the rules between addresses of the family, if there are any.
func (f family) write(c *nftables.Conn, name string, rules []Rule, w ruleWriter) error {
	for _, r := range rules {
		r.From, r.To = f.of(r.From), f.of(r.To)
		if len(r.From) == 0 || len(r.To) == 0 {
			continue
		}
		if w.table == nil {
			w.begin(name)
		}
		if err := w.rule(r); err != nil {
			return err
		}
	}
	return nil
}

type ruleWriter struct {
	conn   *nftables.Conn
	family family
	table  *nftables.Table
	chain  *nftables.Chain
	limit  time.Duration
	sets   *uint32
}

// begin adds the table and its chain.
func (w *ruleWriter) begin(name string) {
	w.table = w.conn.AddTable(&nftables.Table{Name: name, Family: w.family.table})
	// Packets are taken where they arrive, as a broken link would.
	accept := nftables.ChainPolicyAccept
	w.chain = w.conn.AddChain(&nftables.Chain{
		Name: "input", Table: w.table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter, Policy: &accept,
	})
	if w.family.neighbours {
		w.conn.AddRule(&nftables.Rule{Table: w.table, Chain: w.chain, Exprs: append(findsNeighbours(), &expr.Verdict{Kind: expr.VerdictAccept})})
	}
}

// findsNeighbours matches the five kinds of ICMPv6 packets by which neighbours and routers
// are found (RFC 4861, section 4).
func findsNeighbours() []expr.Any {
	const first, last = 133, 137
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_ICMPV6}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1},
		&expr.Range{Op: expr.CmpOpEq, Register: 1, FromData: []byte{first}, ToData: []byte{last}},
	}
}

// rule adds a rule as nftables has it: two where ports are given, since those of
// the sender and those of the receiver are matched apart.
func (w ruleWriter) rule(r Rule) error {
	// The ports of a sender and a receiver are at 0 and 2 of a TCP header.
	add := func(parts ...[]expr.Any) error {
		// A set without a name belongs to one rule: each has its own.
		from, err := w.addresses(r.From, w.family.from)
		if err != nil {
			return err
		}
		to, err := w.addresses(r.To, w.family.to)
		if err != nil {
			return err
		}
		all := append(from, to...)
		for _, p := range parts {
			all = append(all, p...)
		}
		w.conn.AddRule(&nftables.Rule{Table: w.table, Chain: w.chain, Exprs: all})
		return nil
	}
	var of []expr.Any
	if r.Do == Reject {
		// A packet that answers the sender has to pass, against the rule of the other
		// direction too.
		of = isNoReset()
	}
	if len(r.Ports) == 0 && r.Do == Reject {
		if err := add(isTCP(), of, outcome(r)); err != nil {
			return err
		}
		return add(isNoTCP(), outcome(Rule{Do: Drop})) // there is no answer for it
	}
	if len(r.Ports) == 0 {
		return add(outcome(r))
	}
	for _, offset := range []uint32{0, 2} {
		ports, err := w.ports(r.Ports, offset)
		if err != nil {
			return err
		}
		if err := add(isTCP(), of, ports, outcome(r)); err != nil {
			return err
		}
	}
	return nil
}

func (w ruleWriter) addresses(list []netip.Addr, offset uint32) ([]expr.Any, error) {
	elements := make([]nftables.SetElement, len(list))
	for i, a := range list {
		elements[i].Key = a.AsSlice()
		// Addresses that have expired match no packet any more.
		elements[i].Timeout = w.limit
	}
	return w.in(w.family.address, elements, &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: w.family.size})
}

func (w ruleWriter) ports(list []uint16, offset uint32) ([]expr.Any, error) {
	elements := make([]nftables.SetElement, len(list))
	for i, p := range list {
		elements[i].Key = binaryutil.BigEndian.PutUint16(p)
	}
	return w.in(nftables.TypeInetService, elements, &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 2})
}

// in matches packets of which a part is one of the elements.
func (w ruleWriter) in(kind nftables.SetDatatype, elements []nftables.SetElement, part *expr.Payload) ([]expr.Any, error) {
	// The number of a set counts within this batch. The library would take it from a counter
	// that all its connections share, without a lock; so it sets no name either.
	*w.sets++
	set := &nftables.Set{Table: w.table, ID: *w.sets, Name: "__set%d", Anonymous: true, Constant: true, KeyType: kind}
	if kind == w.family.address && w.limit > 0 {
		set = &nftables.Set{Table: w.table, ID: *w.sets, Name: fmt.Sprintf("set%d", *w.sets), HasTimeout: true, KeyType: kind}
	}
	if err := w.conn.AddSet(set, elements); err != nil {
		return nil, err
	}
	return []expr.Any{part, &expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID}}, nil
}

func isTCP() []expr.Any { return protocol(expr.CmpOpEq) }

func isNoTCP() []expr.Any { return protocol(expr.CmpOpNeq) }

func protocol(is expr.CmpOp) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: is, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
	}
}

// isNoReset matches TCP packets without the flag RST: bit 2 of byte 13 (RFC 9293).
func isNoReset() []expr.Any {
	const reset = 0x04
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{reset}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{0}},
	}
}

func outcome(r Rule) []expr.Any {
	drop := []expr.Any{&expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop}}
	switch r.Do {
	case Reject:
		return []expr.Any{&expr.Counter{}, &expr.Reject{Type: unix.NFT_REJECT_TCP_RST}}
	case Hand:
		// The target of xtables, version 3: nft_queue may be absent. Its information is
		// three numbers of 16 bits, in the machine's own order: the first queue, how many
		// there are, and flags. Source: linux/netfilter/xt_NFQUEUE.h.
		const bypass = 1 // pass while no process reads the queue
		info := make(xt.Unknown, 0, 8)
		for _, n := range []uint16{r.Queue, 1, bypass, 0} {
			info = binary.NativeEndian.AppendUint16(info, n)
		}
		return []expr.Any{&expr.Counter{}, &expr.Target{Name: "NFQUEUE", Rev: 3, Info: &info}}
	}
	return drop
}
