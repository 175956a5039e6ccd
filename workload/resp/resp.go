// Package resp speaks the Redis serialization protocol, versions 2 and 3, for
// clients that read and write their own buffers: an event loop, a probe, a
// topology reader.
//
// Bytes travel like this:
//
//	arguments ─▶ AppendCommandString ─▶ your write buffer ─▶ server
//	server ─▶ your read buffer ─▶ Parser.Next ─▶ Reply, a window on that buffer
//	error reply ─▶ ParseRedirect ─▶ slot and address of MOVED or ASK
//	key ─▶ Slot ─▶ the slot that the cluster gives it
//
// Nothing here allocates unless it fails, nothing recurses, and no length that the
// other side sends is trusted beyond Limits.
package resp

import (
	"bytes"
	"errors"
	"fmt"
)

// Kind is the type of a reply.
type Kind uint8

// The kinds. Null stands for all spellings of null in both protocol versions;
// BlobError is reported as Error.
const (
	None Kind = iota
	Simple
	Error
	Int
	Bulk
	Null
	Array
	Map
	Set
	Push
	Double
	Bool
	BigNumber
	Verbatim
)

var kindNames = [...]string{
	"none", "simple", "error", "int", "bulk", "null", "array", "map", "set",
	"push", "double", "bool", "big number", "verbatim",
}

// String names the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Reply is one complete reply. Body points into the buffer that was parsed and
// is valid as long as that is.
type Reply struct {
	// Body is the content of a scalar, the message of an error, and the whole
	// encoding of an aggregate, attributes that precede it left out. A verbatim
	// string keeps its four bytes of format, "txt:".
	Body []byte
	// Num is the value of an Int, 1 or 0 for a Bool, and the number of elements
	// of an aggregate: for a Map twice the number of its pairs.
	Num  int64
	Kind Kind
}

// Prefix is the first word of an error reply, the part that programs may
// depend on: "MOVED", "ERR".
func (r Reply) Prefix() []byte {
	if i := bytes.IndexByte(r.Body, ' '); i >= 0 {
		return r.Body[:i]
	}
	return r.Body
}

// Empty reports whether a reply holds nothing: null, an aggregate without elements, or one
// of nulls alone.
func (r Reply) Empty() bool {
	switch r.Kind {
	case Null:
		return true
	case Array, Set, Push, Map:
		if r.Num == 0 {
			return true
		}
		if r.Kind == Map {
			return false
		}
		_, rest, _ := bytes.Cut(r.Body, []byte("\r\n"))
		for len(rest) > 0 {
			after, null := cutNull(rest)
			if !null {
				return false
			}
			rest = after
		}
		return true
	}
	return false
}

// cutNull takes a null in any spelling from the beginning.
func cutNull(b []byte) (rest []byte, ok bool) {
	for _, null := range [...]string{"$-1\r\n", "_\r\n", "*-1\r\n"} {
		if len(b) >= len(null) && string(b[:len(null)]) == null {
			return b[len(null):], true
		}
	}
	return b, false
}

// maxDepth is how deep aggregates may nest; CLUSTER SLOTS needs 4.
const maxDepth = 16

// Limits bound what a server can make a client hold.
type Limits struct {
	// MaxBulk is the longest string, in bytes.
	MaxBulk int
	// MaxElements is the largest count of one aggregate; a Map counts its keys
	// and values.
	MaxElements int
	// MaxLine is the longest line: a simple string, an error or a number, in
	// bytes without its type and end.
	MaxLine int
	// MaxReply is the longest reply as a whole, in bytes as encoded.
	MaxReply int
}

// DefaultLimits suit a load generator: strings and replies of 64 MiB, a
// million elements, lines of 16 KiB.
func DefaultLimits() Limits {
	return Limits{MaxBulk: 64 << 20, MaxElements: 1 << 20, MaxLine: 16 << 10, MaxReply: 64<<20 + 64}
}

// The errors that a ProtocolError wraps.
var (
	ErrType     = errors.New("unknown type")
	ErrStreamed = errors.New("streamed type is not supported")
	ErrNumber   = errors.New("malformed number")
	ErrEnd      = errors.New("missing end of line")
	ErrLimit    = errors.New("over the limit")
	ErrDepth    = errors.New("nested too deeply")
)

// ProtocolError describes bytes that are no reply. The stream
// cannot be used after it.
type ProtocolError struct {
	// Offset is the position of the error, in bytes from the start of the reply.
	Offset int
	// The part that was being read: "bulk length", "line" ...
	What string
	// Got is the offending number where Err is ErrLimit, and the offending
	// byte where it is ErrType.
	Got int64
	Err error
}

// Error implements error.
func (e *ProtocolError) Error() string {
	switch e.Err {
	case ErrType:
		return fmt.Sprintf("resp: %v %q at byte %d", e.Err, rune(e.Got), e.Offset)
	case ErrLimit:
		return fmt.Sprintf("resp: %s of %d is %v (byte %d)", e.What, e.Got, e.Err, e.Offset)
	}
	return fmt.Sprintf("resp: %s: %v at byte %d", e.What, e.Err, e.Offset)
}

// Unwrap gives the cause.
func (e *ProtocolError) Unwrap() error { return e.Err }
