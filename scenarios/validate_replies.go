package scenarios

import (
	"cmp"
	"math"
	"strconv"
)

// The longest replies that slotstorm reads: each string and the whole in bytes, and the
// elements of one aggregate. A longer one ends its connection, as an invalid reply. They
// are those of resp.DefaultLimits.
const (
	MostReplyBytes    = 64 << 20
	MostReplyElements = 1 << 20
)

// reply is the largest that a read gets, once all elements of its key are written.
type reply struct {
	elements int
	bytes    int // as encoded
	longest  int // of its strings
}

// stringsOf is a reply of n strings of a length.
func stringsOf(n, length int) reply {
	return reply{n, n * (length + len(strconv.Itoa(length)) + len("$\r\n\r\n")), length}
}

// replyOf is the reply of an entry of the mix, as far as its command says.
func replyOf(c *Command, w *Workload) reply {
	value, elements := w.Values.large(), 0
	for _, k := range w.KeySpaces() {
		elements = max(elements, k.Keys.Elements)
	}
	switch c.Command {
	case "GET", "HGET", "LPOP", "RPOP":
		return stringsOf(1, value)
	case "MGET":
		return stringsOf(c.KeyCount(), value)
	case "LRANGE":
		return stringsOf(cmp.Or(c.Count, 10), value)
	case "ZRANGE":
		return stringsOf(cmp.Or(c.Count, 10), len("member:")+len(strconv.Itoa(elements)))
	case "HGETALL":
		fields, values := stringsOf(elements, len("field:")+len(strconv.Itoa(elements))), stringsOf(elements, value)
		return reply{2 * elements, fields.bytes + values.bytes, value}
	}
	return reply{}
}

// large is the largest value that is written; of a log-normal distribution, which hardly
// reaches its maximum, one that a value in a thousand exceeds.
func (v *Values) large() int {
	most := v.Size
	if v.Range != nil {
		most = v.Range.Max
	}
	for _, s := range v.Sizes {
		most = max(most, s.Size)
	}
	if l := v.LogNormal; l != nil {
		most = int(min(float64(l.Max), l.Median*math.Exp(3*l.Sigma)))
	}
	return most
}

// validateReply refuses a read whose reply is longer than slotstorm reads: every one would
// count as invalid, as if the server had broken the protocol.
func (d *document) validateReply(w *Workload, c *Command, path string) {
	if d.failed("workload.values.size", "workload.values.range.max", "workload.values.logNormal.max", "workload.keys.elements", path+".command", path+".keys", path+".count") {
		return
	}
	r := replyOf(c, w)
	by := []string{"workload.values", "workload.keys", "workload.spaces", path + ".keys", path + ".count"}
	at, hint := path+".command", "write smaller values, or fewer elements or keys for each request"
	switch {
	case r.elements > MostReplyElements:
		d.reject(at, by, hint, "a reply of %s can have %d elements, and slotstorm reads %d at most", c.Command, r.elements, MostReplyElements)
	case r.longest > MostReplyBytes || r.elements > 1 && r.bytes > MostReplyBytes:
		d.reject(at, by, hint, "a reply of %s can have %d bytes, and slotstorm reads %d (64 MiB) at most", c.Command, r.bytes, MostReplyBytes)
	}
}
