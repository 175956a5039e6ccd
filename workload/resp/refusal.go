package resp

// Effect says what an error reply means for what a request has done.
type Effect uint8

const (
	// Whole requests are carried out as a whole or not at all: an error reply says that
	// nothing was executed.
	Whole Effect = iota
	// Partial requests may have acted before they failed: scripts, functions, commands
	// that are not known.
	Partial
	// Transaction is MULTI to EXEC: a command that fails in it does not keep the others
	// from acting.
	Transaction
)

// Refused reports whether an error reply with this first word says that nothing of a
// command was executed. Of one that acts as a whole every error reply does. Of any
// other, those that the server gives before it begins, and those that a script gets
// only in place of its first write.
// Source: getNodeByQuery, processCommand, evalGenericCommand, scriptVerifyWriteCommandAllow
// and execCommandAbort in Redis.
func (e Effect) Refused(prefix []byte) bool {
	if e == Whole {
		return true
	}
	switch string(prefix) {
	case "MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN", "CROSSSLOT", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS",
		"MISCONF", "OOM", "NOAUTH", "BUSY", "NOSCRIPT", "EXECABORT":
		return true
	}
	return false
}

// Inner is the first error reply among the elements of an aggregate, Null if there
// is none. It allocates nothing.
func (r Reply) Inner() Reply {
	if r.Kind != Array {
		return Reply{Kind: Null}
	}
	p := NewParser(Limits{MaxBulk: len(r.Body), MaxElements: len(r.Body), MaxLine: len(r.Body), MaxReply: len(r.Body) + 32})
	e, err := p.element(r.Body)
	if err != nil {
		return Reply{Kind: Null}
	}
	rest := r.Body[e.end:]
	for range e.children {
		p.Reset()
		c, size, err := p.Next(rest)
		if err != nil || size == 0 {
			break
		}
		if c.Kind == Error {
			return c
		}
		rest = rest[size:]
	}
	return Reply{Kind: Null}
}
