package audit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// planted is a made-up history of an audited run and the truth about it, which
// its maker knows because it carried every write out itself.
type planted struct {
	random *rand.Rand
	bundle *results.Bundle
	seq    int
	// What the auditor must find, by "class key seq".
	want                map[string]int
	stale, stalePrimary int
}

// anomaly is what is planted into one key.
type anomaly string

const (
	nothing      anomaly = "nothing"
	rollback     anomaly = "rollback"
	wipe         anomaly = "wipe"
	duplicate    anomaly = "duplicate"
	reorder      anomaly = "reorder"
	phantomEnd   anomaly = "phantom at the end"
	phantomRead  anomaly = "phantom read"
	staleReplica anomaly = "stale replica reads"
	stalePrimary anomaly = "stale primary reads"
	unreadable   anomaly = "not read back"
)

var anomalies = map[string][]anomaly{
	results.KindOnce:     {nothing, wipe, phantomEnd, phantomRead, unreadable},
	results.KindRegister: {nothing, rollback, wipe, phantomEnd, phantomRead, staleReplica, stalePrimary, unreadable},
	results.KindCounter:  {nothing, rollback, wipe, duplicate, phantomEnd, unreadable},
	results.KindList:     {nothing, rollback, wipe, duplicate, reorder, phantomEnd, unreadable},
}

// plant makes a history of about twenty keys. A masked one also hides losses
// behind writes without an answer, so that no one could find them all.
func plant(seed uint64, masked bool) *planted {
	return plantKeys(seed, masked, 12+int(seed%16))
}

func plantKeys(seed uint64, masked bool, keys int) *planted {
	p := &planted{random: rand.New(rand.NewPCG(seed, 1)), bundle: &results.Bundle{}, want: map[string]int{}}
	for n := range keys {
		kinds := []string{results.KindOnce, results.KindRegister, results.KindCounter, results.KindList}
		kind := kinds[p.random.IntN(len(kinds))]
		list := anomalies[kind]
		k := &plantedKey{p: p, masked: masked, kind: kind, key: fmt.Sprintf("%s:%d", kind, n), plan: list[p.random.IntN(len(list))]}
		k.now = results.Duration(p.random.IntN(1e9))
		k.make()
	}
	// The ledger is written by many clients: its order means nothing.
	p.random.Shuffle(len(p.bundle.Writes), func(i, j int) {
		p.bundle.Writes[i], p.bundle.Writes[j] = p.bundle.Writes[j], p.bundle.Writes[i]
	})
	p.random.Shuffle(len(p.bundle.Reads), func(i, j int) {
		p.bundle.Reads[i], p.bundle.Reads[j] = p.bundle.Reads[j], p.bundle.Reads[i]
	})
	return p
}

func wanted(class string, w results.Write) string {
	return fmt.Sprintf("%s %s %d", class, w.Key, w.Seq)
}

// plantedKey carries the writes to one key out. Its state is the line of writes
// that took effect, which is what a register went through, a counter counts and
// a list holds.
type plantedKey struct {
	p         *planted
	masked    bool
	kind, key string
	plan      anomaly
	now       results.Duration

	writes []results.Write
	line   []int // indexes of writes
	late   []int // unknown writes that take effect later
	// rolledBack is set until an acknowledged write stands on what is left.
	rolledBack bool
	struck     bool
}

func (k *plantedKey) step() results.Duration {
	k.now += results.Duration(1 + k.p.random.IntN(int(5*time.Millisecond)))
	return k.now
}

func (k *plantedKey) make() {
	n := 2 + k.p.random.IntN(30)
	if k.kind == results.KindOnce {
		n = 1
	}
	strike := k.p.random.IntN(n)
	for i := range n {
		k.write(i)
		if i == strike {
			k.strike()
		}
		if k.kind == results.KindRegister {
			k.read()
		}
		k.delayed()
	}
	k.finish()
}

// clear reports whether unknown writes would make it impossible to find what is
// planted.
func (k *plantedKey) clear() bool {
	return !k.masked && (k.plan == duplicate || k.plan == staleReplica || k.plan == stalePrimary || k.plan == reorder)
}

func (k *plantedKey) write(i int) {
	k.p.seq++
	w := results.Write{Seq: k.p.seq, Kind: k.kind, Key: k.key, Node: "node-0", Sent: k.step(), Outcome: "ok"}
	if k.kind != results.KindCounter {
		w.Value = "run:" + strconv.Itoa(w.Seq)
	}
	dice := k.p.random.IntN(10)
	switch {
	case dice == 0:
		w.Outcome, w.Error = "failed", "CLUSTERDOWN"
	case dice < 3 && !k.clear():
		w.Outcome, w.Error = "unknown", "timeout"
	}
	k.writes = append(k.writes, w)
	if w.Outcome == "unknown" {
		switch k.p.random.IntN(3) {
		case 0: // it never took effect
		case 1:
			if !k.rolledBack || k.masked {
				k.line = append(k.line, i)
			}
		case 2:
			k.late = append(k.late, i)
		}
	}
	if w.Outcome == "ok" {
		before := k.last()
		k.line = append(k.line, i)
		k.rolledBack = false
		switch k.kind {
		case results.KindRegister:
			k.writes[i].Reply = before
		case results.KindCounter, results.KindList:
			k.writes[i].Reply = strconv.Itoa(len(k.line))
		}
	}
	k.writes[i].Done = k.step()
}

// last is the value that the line ends with.
func (k *plantedKey) last() string {
	if len(k.line) == 0 {
		return ""
	}
	return k.writes[k.line[len(k.line)-1]].Value
}

// delayed lets unknown writes take effect late.
func (k *plantedKey) delayed() {
	if len(k.late) == 0 || k.rolledBack && !k.masked || k.p.random.IntN(3) > 0 {
		return
	}
	k.line = append(k.line, k.late[0])
	k.late = k.late[1:]
}

func (k *plantedKey) ok(i int) bool { return k.writes[i].Outcome == "ok" }

// strike plants what goes on in the middle of a history.
func (k *plantedKey) strike() {
	last := len(k.writes) - 1
	switch k.plan {
	case rollback:
		keep := k.p.random.IntN(len(k.line) + 1)
		// A register whose last value is of an unknown write does not show
		// whether later writes were lost.
		for k.kind == results.KindRegister && !k.masked && keep > 0 && !k.ok(k.line[keep-1]) {
			keep--
		}
		k.rolledBack = k.rolledBack || keep < len(k.line)
		k.line = k.line[:keep]
	case wipe:
		k.rolledBack = k.rolledBack || len(k.line) > 0
		k.line = nil
	case duplicate:
		if k.ok(last) && k.line[len(k.line)-1] == last {
			again := 1 + k.p.random.IntN(2)
			for range again {
				k.line = append(k.line, last)
			}
			// The client repeated it, and heard of the last time only, or the
			// server did, after its answer.
			if k.p.random.IntN(2) == 0 {
				k.writes[last].Attempts = 1 + again
				k.writes[last].Reply = strconv.Itoa(len(k.line))
			}
			k.struck = true
		}
	}
}

// read plants reads of a register by replicas and primaries.
func (k *plantedKey) read() {
	r := results.AuditRead{Kind: k.kind, Key: k.key, Outcome: "ok", Replica: k.p.random.IntN(2) == 0, Sent: k.step()}
	behind := 0
	switch k.plan {
	case staleReplica, stalePrimary:
		r.Replica = k.plan == staleReplica
		behind = k.p.random.IntN(len(k.line) + 1)
		if behind > 0 && r.Replica {
			k.p.stale++
		} else if behind > 0 {
			k.p.stalePrimary++
		}
	case rollback, wipe:
		return // whether such a read is stale depends on what is lost later
	}
	if at := len(k.line) - 1 - behind; at >= 0 {
		v := k.writes[k.line[at]].Value
		r.Value = &v
	}
	r.Done = k.step()
	k.p.bundle.Reads = append(k.p.bundle.Reads, r)
}

// finish reads the key back and writes down the truth.
func (k *plantedKey) finish() {
	p := k.p
	r := k.readBack()
	p.bundle.Writes = append(p.bundle.Writes, k.writes...)
	read, whole := k.misread(&r)
	p.bundle.Reads = append(p.bundle.Reads, append(read, r)...)
	if !whole {
		return
	}
	left := map[int]bool{}
	for _, i := range k.line {
		left[i] = true
	}
	for i, w := range k.writes {
		if w.Outcome == "ok" && !left[i] {
			p.want[wanted("lost", w)]++
		}
	}
}

// readBack is the last read, of what is left.
func (k *plantedKey) readBack() results.AuditRead {
	r := results.AuditRead{Kind: k.kind, Key: k.key, Outcome: "ok", Final: true, Sent: k.step(), Done: k.step()}
	elements := make([]string, 0, len(k.line))
	for _, i := range k.line {
		elements = append(elements, k.writes[i].Value)
	}
	switch k.kind {
	case results.KindList:
		r.Elements = elements
	case results.KindCounter:
		if n := strconv.Itoa(len(k.line)); n != "0" {
			r.Value = &n
		}
	default:
		if v := k.last(); v != "" {
			r.Value = &v
		}
	}
	return r
}

// misread does to the last read what is planned, and writes that down. It gives reads
// that come before it, and whether more can be known of the key.
func (k *plantedKey) misread(r *results.AuditRead) (before []results.AuditRead, whole bool) {
	p := k.p
	other := "no write of this"
	switch k.plan {
	case unreadable:
		r.Outcome, r.Value, r.Elements, r.Error = "unknown", nil, nil, "timeout"
		return nil, false
	case phantomRead:
		p.want["phantom "+k.key]++
		return []results.AuditRead{{Kind: k.kind, Key: k.key, Outcome: "ok", Sent: k.now, Done: k.now, Value: &other}}, true
	case phantomEnd:
		p.want["phantom "+k.key]++
		if k.kind == results.KindList {
			at := p.random.IntN(len(r.Elements) + 1)
			r.Elements = slices.Insert(r.Elements, at, other)
			break
		}
		r.Value = &other
		for _, w := range slices.Backward(k.writes) {
			if w.Outcome == "ok" {
				p.want[wanted("altered", w)]++
				break
			}
		}
		return nil, false
	case reorder:
		if known := len(r.Elements); known > 1 {
			from, to := p.random.IntN(known), p.random.IntN(known-1)
			e := r.Elements[from]
			rest := slices.Delete(slices.Clone(r.Elements), from, from+1)
			if to >= from {
				to++
			}
			r.Elements = slices.Insert(rest, min(to, len(rest)), e)
			p.want["reordered "+k.key]++
		}
	case duplicate:
		if k.struck {
			p.want["duplicated "+k.key] += len(k.line) - len(slices.Compact(slices.Clone(k.line)))
		}
	}
	return nil, true
}
