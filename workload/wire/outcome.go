package wire

// Outcome is how a request ended.
type Outcome uint8

// The outcomes.
const (
	// OK is a reply that is no error.
	OK Outcome = iota
	// Failed was not executed: the server refused it, or it never left.
	Failed
	// Unknown may or may not have been executed: no reply came, or one that says that
	// a script or a transaction failed on its way.
	Unknown
	// Overflow was due, found no room in flight and was not sent.
	Overflow
)

// String is the outcome's name in a run bundle.
func (o Outcome) String() string {
	return [...]string{"ok", "failed", "unknown", "overflow"}[o]
}

// Class is the kind of error behind an outcome that is not OK.
type Class uint8

// The classes. Those in capitals are prefixes of error replies.
const (
	NoError           Class = iota
	ClassMoved              // MOVED that could not be followed
	ClassAsk                // ASK that could not be followed
	ClassTryAgain           // keys of one slot on both sides of a migration
	ClassDown               // CLUSTERDOWN
	ClassLoading            // LOADING
	ClassReadOnly           // READONLY
	ClassMasterDown         // MASTERDOWN
	ClassNoReplicas         // NOREPLICAS
	ClassBusy               // BUSY
	ClassOOM                // OOM
	ClassMisconf            // MISCONF
	ClassNoAuth             // NOAUTH
	ClassNoPerm             // NOPERM
	ClassWrongPass          // WRONGPASS
	ClassWrongType          // WRONGTYPE
	ClassCrossSlot          // CROSSSLOT
	ClassExecAbort          // EXECABORT
	ClassNoScript           // NOSCRIPT
	ClassErr                // ERR
	ClassOther              // any other error reply
	ClassTimeout            // no reply within Config.Timeout
	ClassEOF                // connection closed by the server
	ClassReset              // connection broken
	ClassProtocol           // what came was no reply
	ClassDial               // connection refused or not made in time
	ClassHandshake          // HELLO or AUTH refused
	ClassWait               // no connection became free within Config.Timeout
	ClassNoNode             // no node serves the slot
	ClassOverflow           // no room in flight
	ClassStopped            // the run ended first
	ClassUnreplicated       // WAIT or WAITAOF counted too few copies
	Classes                 // the number of classes
)

var classNames = [Classes]string{
	"", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "READONLY", "MASTERDOWN",
	"NOREPLICAS", "BUSY", "OOM", "MISCONF", "NOAUTH", "NOPERM", "WRONGPASS", "WRONGTYPE", "CROSSSLOT", "EXECABORT", "NOSCRIPT",
	"ERR", "reply", "timeout", "eof", "reset", "protocol", "dial", "handshake", "wait",
	"nonode", "overflow", "stopped", "unreplicated",
}

// String is the class' name in a run bundle; NoError has the empty one.
func (c Class) String() string { return classNames[c] }

// classOf is the class of an error reply by its prefix.
func classOf(prefix []byte) Class {
	for c := ClassMoved; c < ClassOther; c++ {
		if classNames[c] == string(prefix) {
			return c
		}
	}
	return ClassOther
}

// reply reports whether the class is that of an error reply.
func (c Class) reply() bool { return c >= ClassMoved && c <= ClassOther }

// stale reports whether the class hints at a topology that has changed.
func (c Class) stale() bool {
	switch c {
	case ClassMoved, ClassDown, ClassReadOnly, ClassMasterDown, ClassTimeout, ClassEOF, ClassReset,
		ClassDial, ClassNoNode, ClassLoading:
		return true
	}
	return false
}
