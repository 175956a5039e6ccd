package scenarios

import (
	"slices"
	"strconv"
	"time"
)

// libraryReadTimeout is the readTimeout of go-redis where none is stated.
const libraryReadTimeout = 3 * time.Second

// blocks are the commands that wait at the server until there is data, with the argument
// that is their timeout in seconds, which counts from the end if below 0. The waits of
// XREAD and XREADGROUP are behind BLOCK, in milliseconds. Source: the documentation of the
// commands of Redis 8.
var blocks = map[string]int{
	"BLPOP": -1, "BRPOP": -1, "BRPOPLPUSH": -1, "BLMOVE": -1, "BZPOPMIN": -1, "BZPOPMAX": -1, "BLMPOP": 1, "BZMPOP": 1,
}

// blocking reports whether a command waits at the server, and for how long if the template
// states that as a number; 0 waits without end.
func blocking(args [][]Piece) (wait time.Duration, stated, ok bool) {
	at, unit := 0, time.Second
	switch name := commandOf(args); name {
	case "XREAD", "XREADGROUP":
		options := args[:max(slices.IndexFunc(args, isStreams), 0)]
		if i := slices.IndexFunc(options, isBlock); i > 0 {
			at, unit, ok = i+1, time.Millisecond, true
		}
	default:
		at, ok = blocks[name]
	}
	if !ok {
		return 0, false, false
	}
	if at < 0 {
		at += len(args)
	}
	n, err := strconv.ParseFloat(wordAt(args, at), 64)
	return time.Duration(n * float64(unit)), err == nil, true
}

func isStreams(arg []Piece) bool { return wordAt([][]Piece{arg}, 0) == "STREAMS" }
func isBlock(arg []Piece) bool   { return wordAt([][]Piece{arg}, 0) == "BLOCK" }

// validateBlocking refuses a command that blocks where other requests wait behind it on
// its connection, or where the client gives up before it ends: the times would be those of
// the wait, and go-redis would send the command again.
func (d *document) validateBlocking(w *Workload, c *Command, path string) {
	args, err := ParseTemplate(c.Raw)
	if c.Raw == "" || err != nil {
		return
	}
	wait, stated, ok := blocking(args)
	if !ok {
		return
	}
	at, name := path+".raw", commandOf(args)
	hint := "use a command that does not block, such as LPOP for BLPOP"
	if name == "XREAD" || name == "XREADGROUP" {
		hint = "leave BLOCK out"
	}
	most := 1
	if w.Pipeline != nil {
		_, most = w.Pipeline.Range()
	}
	wire := w.Client.Type == "wire"
	field, limit := "workload.client.options.readTimeout", w.Client.Options.ReadTimeout.Std()
	if limit == 0 {
		limit = libraryReadTimeout
	}
	if wire {
		field, limit = "workload.client.wire.timeout", w.Client.Wire.Timeout.Std()
	}
	switch {
	case most > 1:
		d.reject(at, []string{"workload.pipeline"}, hint, "%s blocks, and the requests of its pipeline wait behind it", name)
	case wire && w.Client.Wire.Depth > 1:
		d.reject(at, []string{"workload.client.wire.depth"}, hint+", or write workload.client.wire: {depth: 1}", "%s blocks, and up to %d requests share a connection", name, w.Client.Wire.Depth)
	case stated && wait == 0:
		d.reject(at, []string{field}, hint, "%s blocks without end, and the client waits %s for a reply", name, limit)
	case stated && wait >= limit:
		d.reject(at, []string{field}, hint, "%s blocks for %s, and the client waits %s for a reply", name, wait, limit)
	}
}
