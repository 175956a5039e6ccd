package witness

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// logLine is a line of a node's log that the witness knows.
type logLine struct {
	at    results.Duration
	what  lineKind
	about string // the node that it speaks of: its name, or its id or address if that is unknown
	epoch int64
	level byte // as the log marks it: # for a warning, * for a notice
}

// lineKind says what a line reports.
type lineKind string

const (
	lineStart    lineKind = "start"
	lineFail     lineKind = "FAIL"
	lineClear    lineKind = "FAIL cleared"
	lineElection lineKind = "election"
	lineWon      lineKind = "election won"
	lineTaken    lineKind = "takeover"
	lineEpoch    lineKind = "epoch"
	lineVote     lineKind = "vote"
	lineLost     lineKind = "primary lost"
	lineConnect  lineKind = "connects"
	lineFull     lineKind = "full resync"
	linePartial  lineKind = "partial resync"
)

// stamp takes a line apart: process, role, time, level, text. Redis' format is the
// default of Valkey too. Source: serverLogRaw in server.c.
var stamp = regexp.MustCompile(`^(\d+):([A-Z]) (\d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}) ([-.*#]) (.*)$`)

// patterns name the lines, in the words of Redis 6.2 to 8 and of Valkey. Sources:
// server.c, replication.c, cluster.c and cluster_legacy.c.
var patterns = []struct {
	kind lineKind
	text *regexp.Regexp
}{
	{lineStart, regexp.MustCompile(`^oO0OoO0OoO0Oo \w+ is starting`)},
	{lineFail, regexp.MustCompile(`^Marking node (?P<about>[0-9a-f]{40}).* as failing \(quorum reached\)`)},
	{lineFail, regexp.MustCompile(`^FAIL message received from [0-9a-f]{40}.* about (?P<about>[0-9a-f]{40})`)},
	{lineClear, regexp.MustCompile(`^Clear FAIL state for node (?P<about>[0-9a-f]{40})`)},
	{lineElection, regexp.MustCompile(`^Starting a failover election for epoch (?P<epoch>\d+)`)},
	{lineWon, regexp.MustCompile(`^Failover election won`)},
	{lineTaken, regexp.MustCompile(`^Taking over the (master|primary)`)},
	{lineEpoch, regexp.MustCompile(`^configEpoch set to (?P<epoch>\d+) after successful failover`)},
	{lineVote, regexp.MustCompile(`^Failover auth granted to (?P<about>[0-9a-f]{40}).* for epoch (?P<epoch>\d+)`)},
	{lineLost, regexp.MustCompile(`^Connection with (master|primary) lost`)},
	{lineConnect, regexp.MustCompile(`^(Connecting|Reconnecting) to (MASTER|PRIMARY) (?P<about>\S+)`)},
	{lineFull, regexp.MustCompile(`^(Full resync from (master|primary)|PSYNC is not possible, initialize RDB channel)`)},
	{linePartial, regexp.MustCompile(`^(MASTER|PRIMARY) <-> REPLICA sync: (Master|Primary) accepted a Partial Resynchronization`)},
}

// maxLine is the longest line that is read; what is beyond it is skipped.
const maxLine = 1 << 20

// logText is what a node's log holds.
type logText struct {
	lines []logLine
	// first reports whether it begins with a start of the server.
	first bool
	// within says that a line is dated within the run, and notices that one of these is of level
	// notice or below: without, the log may hide elections and marks of FAIL, which later
	// versions log at that level.
	within, notices bool
}

// zoneSlack is how far before the beginning and after the end of a run its lines may be dated.
const zoneSlack = 60_000

// readLog reads a node's log. Times are read as UTC, as nodes are started, of a clock that is
// ahead of the run's.
func readLog(r io.Reader, run *results.Run, ahead results.Duration) (text logText, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	dated := 0
	for {
		line, rerr := readLine(in)
		if l, ok := parseLine(line, run.Start.Add(ahead.Std())); ok {
			if dated++; l.what != "" {
				text.lines = append(text.lines, l)
			}
			// Reading its configuration comes before it.
			text.first = text.first || l.what == lineStart && dated <= 3
			if l.at >= -millis(zoneSlack) && l.at <= max(run.End, run.LoadEnd)+millis(zoneSlack) {
				text.within, text.notices = true, text.notices || l.level != '#'
			}
		}
		if rerr == io.EOF {
			return text, nil
		}
		if rerr != nil {
			return text, rerr
		}
	}
}

// readLine reads a line, up to maxLine of it.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line) < maxLine {
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return trimEnd(line), err
		}
	}
}

func trimEnd(b []byte) string {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return string(b)
}

// parseLine reads a line; its kind is empty if the witness does not know it.
func parseLine(text string, start time.Time) (logLine, bool) {
	m := stamp.FindStringSubmatch(text)
	if m == nil {
		return logLine{}, false
	}
	at, err := time.Parse("02 Jan 2006 15:04:05.000", m[3])
	if err != nil {
		return logLine{}, false
	}
	l := logLine{at: results.Duration(at.Sub(start)), level: m[4][0]}
	for _, p := range patterns {
		found := p.text.FindStringSubmatch(m[5])
		if found == nil {
			continue
		}
		l.what = p.kind
		if i := p.text.SubexpIndex("about"); i > 0 {
			l.about = found[i]
		}
		if i := p.text.SubexpIndex("epoch"); i > 0 {
			l.epoch, _ = strconv.ParseInt(found[i], 10, 64)
		}
		break
	}
	return l, true
}

// edge is how far a probe's outage may begin after the loss of a connection that a
// replica logged, or end before a promotion was logged: Redis writes a line of its log
// within the turn of its event loop in which it acts.
func edge() results.Duration { return millis(50) }
