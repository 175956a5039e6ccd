package deployer

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// logPrecision is what a time in Redis' log is exact to: it is cut to the
// millisecond, so that the true time lies up to one later.
const logPrecision = results.Duration(time.Millisecond)

// ReadLog turns what a node wrote to its log into events. Times are read as UTC: nodes are started that way. Lines that
// say nothing about failovers are passed over.
func (c *Cluster) ReadLog(n Node, log io.Reader, clock results.Clock, emit results.Emit) error {
	sc := bufio.NewScanner(log)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		at, text, ok := splitLog(sc.Text())
		if !ok {
			continue
		}
		e, ok := c.parseMessage(text)
		if !ok {
			continue
		}
		e.Source, e.Node, e.Uncertainty = "log", n.Name, logPrecision
		e.Offset = clock.At(at) + logPrecision
		shard := n.Shard
		if about, ok := c.Node(e.About); ok {
			shard = about.Shard
		}
		e.Shard = &shard
		emit(e)
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("reading the log of %s: %w", n.Name, err)
	}
	return nil
}

// splitLog takes "pid:role dd Mon yyyy hh:mm:ss.mmm level text" apart. Source:
// serverLogRaw in Redis' server.c.
func splitLog(line string) (time.Time, string, bool) {
	_, rest, ok := strings.Cut(line, " ")
	const layout = "02 Jan 2006 15:04:05.000"
	if !ok || len(rest) < len(layout)+3 {
		return time.Time{}, "", false
	}
	at, err := time.Parse(layout, rest[:len(layout)])
	if err != nil {
		return time.Time{}, "", false
	}
	rest = rest[len(layout)+1:]
	if len(rest) < 2 || rest[1] != ' ' {
		return time.Time{}, "", false
	}
	return at, rest[2:], true
}

// parseMessage recognises the lines of Redis' cluster_legacy.c (cluster.c before
// 7.2) and replication.c, of 6.2 to 8.x and of Valkey to 9.1, that report failures
// and failovers. testdata/logs has them as servers of each version wrote them.
func (c *Cluster) parseMessage(text string) (results.Event, bool) {
	e := results.Event{Message: text}
	switch {
	case strings.HasPrefix(text, "Marking node "):
		// Marking node <id> [(name)] as failing (quorum reached).
		e.Kind, e.About = results.EventFail, c.nameIn(text)
	case strings.HasPrefix(text, "FAIL message received from "):
		// FAIL message received from <id> [(name)] about <id> [(name)]
		_, about, ok := strings.Cut(text, " about ")
		if !ok {
			return e, false
		}
		e.Kind, e.About = results.EventFail, c.nameIn(about)
	case strings.HasPrefix(text, "Clear FAIL state for node "):
		e.Kind, e.About = results.EventFailClear, c.nameIn(text)
	case parseWait(text, &e):
	case strings.HasPrefix(text, "Starting a failover election for epoch "):
		e.Kind = results.EventElectionStart
		e.Epoch, _ = numberAfter(text, "for epoch ")
	case strings.HasPrefix(text, "Failover election won"):
		e.Kind = results.EventElectionWon
	case asked(text) != "":
		e.Kind, e.Mode = results.EventAsked, asked(text)
	case strings.HasPrefix(text, "Currently unable to failover: "):
		e.Kind = results.EventElectionLost
	case strings.HasPrefix(text, "Failover auth granted to "):
		e.Kind, e.About = results.EventVote, c.nameIn(text)
		e.Epoch, _ = numberAfter(text, "for epoch ")
	case strings.HasPrefix(text, "Failover auth denied to "):
		// Failover auth denied to <id> [(name)]: already voted for epoch 7
		e.Kind, e.About = results.EventVoteDenied, c.nameIn(text)
		if _, why, ok := strings.Cut(text, ": "); ok {
			e.Message = why
		}
	case trouble(text) != "":
		e.Kind = trouble(text)
	case text == "Cluster state changed: fail":
		e.Kind = results.EventStateDown
	case text == "Cluster state changed: ok":
		e.Kind = results.EventStateOK
	default:
		return e, false
	}
	return e, true
}

// asked is the mode of the CLUSTER FAILOVER that a replica logs to have accepted; empty
// of any other line. Source: clusterCommand in Redis' cluster.c.
func asked(text string) results.Mode {
	switch {
	case strings.HasPrefix(text, "Manual failover user request accepted"):
		return results.Graceful
	case strings.HasPrefix(text, "Forced failover user request accepted"):
		return results.Force
	case strings.HasPrefix(text, "Taking over the master (user request"), strings.HasPrefix(text, "Taking over the primary (user request"):
		return results.Takeover
	}
	return ""
}

// trouble is the kind of a line about a failover, a replication or a disk that did not go on;
// empty of any other line. Source: manualFailoverCheckTimeout in Redis' cluster_legacy.c,
// closeClientOnOutputBufferLimitReached in networking.c (flag S marks a replica),
// flushAppendOnlyFile in aof.c, and replication.c.
func trouble(text string) string {
	switch {
	case text == "Manual failover timed out.":
		return results.EventAskedTimeout
	case strings.HasPrefix(text, "Full resync from master: "), strings.HasPrefix(text, "Full resync from primary: "),
		strings.HasPrefix(text, "PSYNC is not possible, initialize RDB channel"): // Redis 8.0; Valkey 8.0 with dual-channel-replication-enabled
		return results.EventFullSync
	case strings.HasPrefix(text, "Unable to partial resync with replica ") && strings.Contains(text, "for lack of backlog"):
		return results.EventNoBacklog
	case strings.HasPrefix(text, "Client ") && strings.Contains(text, " flags=S") && strings.HasSuffix(text, "for overcoming of output buffer limits."):
		return results.EventOutputLimit
	case strings.HasPrefix(text, "Asynchronous AOF fsync is taking too long (disk is busy?)"):
		return results.EventFsyncStall
	}
	return ""
}

// parseWait recognises what a replica logs of its wait before an election.
func parseWait(text string, e *results.Event) bool {
	milliseconds := func(mark string) {
		if ms, ok := numberAfter(text, mark); ok {
			e.Delay = results.Duration(time.Duration(ms) * time.Millisecond)
		}
	}
	place := func(mark string) {
		if rank, ok := numberAfter(text, mark); ok {
			r := int(rank)
			e.Rank = &r
		}
	}
	switch {
	case strings.HasPrefix(text, "Start of election delayed for "):
		// Start of election delayed for 612 milliseconds (rank #0, offset 1234).
		e.Kind = results.EventElectionDelay
		milliseconds("delayed for ")
		place("rank #")
		if offset, ok := numberAfter(text, "offset "); ok {
			e.ReplOffset = &offset
		}
	case strings.HasPrefix(text, "Replica rank updated to "), strings.HasPrefix(text, "Failed primary rank updated to "):
		// Replica rank updated to #1, added 1000 milliseconds of delay.
		e.Kind = results.EventElectionPostponed
		milliseconds(", added ")
		place("Replica rank updated to #")
	case strings.HasPrefix(text, "Myself become the best ranked replica"):
		e.Kind = results.EventElectionHastened
	default:
		return false
	}
	return true
}

// nameIn finds the first 40-digit node id in a text, and the name that goes with
// it; an unknown id stands for itself.
func (c *Cluster) nameIn(text string) string {
	for word := range strings.FieldsSeq(text) {
		word = strings.TrimRight(word, ".,:")
		if len(word) != 40 || strings.Trim(word, "0123456789abcdef") != "" {
			continue
		}
		return c.NameOf(word)
	}
	return ""
}

func numberAfter(text, mark string) (int64, bool) {
	_, rest, ok := strings.Cut(text, mark)
	if !ok {
		return 0, false
	}
	digits := strings.TrimLeft(strings.TrimPrefix(rest, "-"), "0123456789")
	rest = rest[:len(rest)-len(digits)]
	v, err := strconv.ParseInt(rest, 10, 64)
	return v, err == nil
}
