package stream

import (
	"slices"
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// part is a prefill's share of one key space and type: for each key so many commands
// of at most chunk elements.
type part struct {
	space  *space
	hot    bool
	typ    keyType
	keys   int64
	chunks int64
	ttl    time.Duration
}

// chunk is the largest number of elements that one command of a prefill writes.
const chunk = 100

// partsOf lists the parts of a prefill: keys of every type that the mix uses.
// Keys of scripts are left out, since their type is unknown; channels hold nothing.
func partsOf(w *scenarios.Workload, spaces []*space, entries []entry) []part {
	if w.Prefill == nil {
		return nil
	}
	var list []part
	for _, sp := range spaces {
		for typ := range otherKey {
			if !slices.ContainsFunc(entries, func(e entry) bool { return e.types[typ] }) {
				continue
			}
			p := part{space: sp, typ: typ, keys: w.Prefill.Keys.Of(sp.count), chunks: 1}
			switch typ {
			case stringKey:
				p.ttl = ttlOf(w)
			case counterKey:
			case streamKey:
				p.chunks = sp.elements // a command adds one
			default:
				p.chunks = (sp.elements + chunk - 1) / chunk
			}
			if sp.hot < 1 {
				list = append(list, p)
			}
			if sp.hot > 0 {
				p.hot = true
				list = append(list, p)
			}
		}
	}
	return list
}

// ttlOf is the expiry of strings: that of the first SET that has one, or of the
// values.
func ttlOf(w *scenarios.Workload) time.Duration {
	for _, c := range w.Mix {
		if c.Command == "SET" && c.TTL > 0 {
			return c.TTL.Std()
		}
	}
	return w.Values.TTL.Std()
}

// filler appends one command of a prefill.
type filler struct {
	w            writer
	typ          keyType
	first, count int64 // elements
}

// forms are the commands that make keys of the types with elements: the words
// between the key and the elements, and the form of an element.
var forms = [keyTypes]struct {
	command      string
	score, value bool
	member       string
}{
	hashKey: {"HSET", false, true, "field:"},
	listKey: {"RPUSH", false, true, ""},
	zsetKey: {"ZADD", true, false, "member:"},
	setKey:  {"SADD", false, false, "member:"},
}

func (f *filler) append(ttl time.Duration) {
	w := &f.w
	value, key := op{kind: scenarios.ValuePiece}, op{kind: scenarios.KeyPiece, typ: f.typ}
	switch f.typ {
	case stringKey, counterKey:
		words := 3
		if ttl > 0 {
			words = 5
		}
		w.buf = resp.AppendBulkString(resp.AppendHeader(w.buf, words), "SET")
		w.do(&key)
		if f.typ == counterKey {
			w.buf = resp.AppendBulkInt(w.buf, 0)
		} else {
			w.do(&value)
		}
		if ttl > 0 {
			w.buf = resp.AppendBulkString(w.buf, "PX")
			w.buf = resp.AppendBulkInt(w.buf, 1+w.draws.Int(ttl.Milliseconds()))
		}
		return
	case streamKey:
		w.buf = resp.AppendBulkString(resp.AppendHeader(w.buf, 5), "XADD")
		w.do(&key)
		w.buf = resp.AppendBulkString(w.buf, "*")
		w.buf = resp.AppendBulkString(w.buf, "value")
		w.do(&value)
		return
	}
	form := &forms[f.typ]
	per := 0
	for _, has := range []bool{form.score, form.member != "", form.value} {
		if has {
			per++
		}
	}
	w.buf = resp.AppendBulkString(resp.AppendHeader(w.buf, 2+per*int(f.count)), form.command)
	w.do(&key)
	for i := range f.count {
		if form.score {
			w.buf = resp.AppendBulkInt(w.buf, w.draws.Int(1_000_000))
		}
		if form.member != "" {
			start := w.open()
			w.buf = strconv.AppendInt(append(w.buf, form.member...), f.first+i, 10)
			w.wrap(start)
		}
		if form.value {
			w.do(&value)
		}
	}
}
