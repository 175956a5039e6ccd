package witness

import (
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
)

const idA, idB = "b88c16949024dbfed3fee10dad0e36f39b9ac661", "1ba7ab75eb30f800c76c35d1bcb595f9f7f05d04"

// Lines as Redis 7.0 and 8.0 and Valkey 8.1 and 9.1 write them.
func TestLinesOfLogsAreRead(t *testing.T) {
	const at = "16:S 29 Nov 2026 01:46:04.995 "
	for _, tc := range []struct {
		text string
		want logLine
	}{
		{"* oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", logLine{what: lineStart}},
		{"* oO0OoO0OoO0Oo Valkey is starting oO0OoO0OoO0Oo", logLine{what: lineStart}},
		{"* Marking node " + idA + " as failing (quorum reached).", logLine{what: lineFail, about: idA}},
		{"* Marking node " + idA + " (node-1) as failing (quorum reached).", logLine{what: lineFail, about: idA}},
		{"* FAIL message received from " + idB + " about " + idA, logLine{what: lineFail, about: idA}},
		{"* FAIL message received from " + idB + " (x) about " + idA + " (y)", logLine{what: lineFail, about: idA}},
		{"* Clear FAIL state for node " + idA + ": master without slots is reachable again.", logLine{what: lineClear, about: idA}},
		{"# Starting a failover election for epoch 7.", logLine{what: lineElection, epoch: 7}},
		{"# Failover election won: I'm the new master.", logLine{what: lineWon}},
		{"* Failover election won: I'm the new primary.", logLine{what: lineWon}},
		{"# Taking over the master (user request).", logLine{what: lineTaken}},
		{"* Taking over the primary (user request from 'id=3 addr=127.0.0.1:1').", logLine{what: lineTaken}},
		{"# configEpoch set to 7 after successful failover", logLine{what: lineEpoch, epoch: 7}},
		{"# Failover auth granted to " + idA + " for epoch 7", logLine{what: lineVote, about: idA, epoch: 7}},
		{"* Failover auth granted to " + idA + " (node-4) for epoch 12", logLine{what: lineVote, about: idA, epoch: 12}},
		{"# Connection with master lost.", logLine{what: lineLost}},
		{"* Connection with primary lost.", logLine{what: lineLost}},
		{"* Connecting to MASTER 127.0.1.4:6379", logLine{what: lineConnect, about: "127.0.1.4:6379"}},
		{"* Reconnecting to PRIMARY 127.0.1.4:6379", logLine{what: lineConnect, about: "127.0.1.4:6379"}},
		{"* Full resync from master: 1479ecc59a9c2ca62105d4c8d3d92521e64951f4:736675", logLine{what: lineFull}},
		{"* PSYNC is not possible, initialize RDB channel.", logLine{what: lineFull}},
		{"* Full resync from primary: 1479ecc59a9c2ca62105d4c8d3d92521e64951f4:736675", logLine{what: lineFull}},
		{"* MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.", logLine{what: linePartial}},
		{"* PRIMARY <-> REPLICA sync: Primary accepted a Partial Resynchronization.", logLine{what: linePartial}},
		{"* Ready to accept connections", logLine{}},
	} {
		l, ok := parseLine(at+tc.text, time.Date(2026, 11, 29, 1, 46, 4, 0, time.UTC))
		tc.want.at, tc.want.level = millis(995), tc.text[0]
		if diff := deep.Diff(tc.want, l); !ok || diff != "" {
			t.Errorf("%s: %v %s", tc.text, ok, diff)
		}
	}
	for _, text := range []string{"", "Aborted", "=== REDIS BUG REPORT START ===", "16:S 29 Nov 2026 short", "x:S 29 Nov 2026 01:46:04.995 * text"} {
		if l, ok := parseLine(text, time.Time{}); ok {
			t.Errorf("%q is read as %+v", text, l)
		}
	}
}

func TestALogIsWholeFromItsFirstStart(t *testing.T) {
	const start = "12:C 29 Nov 2026 01:45:43.722 # Reading config from stdin\n12:C 29 Nov 2026 01:45:43.722 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n"
	const won = "12:M 29 Nov 2026 01:45:44.334 # Failover election won: I'm the new master.\r\n"
	for _, tc := range []struct {
		text  string
		lines int
		whole bool
	}{
		{start + won, 2, true},
		{won + won + won + start, 4, false},
		{strings.Repeat("x", 3*maxLine) + "\n" + start, 1, true},
		{"", 0, false},
	} {
		text, err := readLog(strings.NewReader(tc.text), &results.Run{}, 0)
		if err != nil || len(text.lines) != tc.lines || text.first != tc.whole {
			t.Errorf("%.60q: %d lines, whole %v, %v; want %d, %v", tc.text, len(text.lines), text.first, err, tc.lines, tc.whole)
		}
	}
}

func TestALogOfAnotherClock(t *testing.T) {
	start := time.Date(2026, 11, 29, 1, 45, 40, 0, time.UTC)
	text, err := readLog(strings.NewReader("12:M 29 Nov 2026 01:45:44.334 # Failover election won: I'm the new master.\n"), &results.Run{Start: start}, results.Duration(3*time.Second))
	if err != nil || len(text.lines) != 1 || text.lines[0].at != results.Duration(1334*time.Millisecond) {
		t.Errorf("%+v %v", text.lines, err)
	}
}

// at is INFO of a node that has executed SET n times.
func at(run, role, history, set string) info {
	return info{"run_id": run, "role": role, "master_replid": history, "cmdstat_set": "calls=" + set + ",usec=1,rejected_calls=2,failed_calls=1", "cmdstat_get": "calls=10,usec=1"}
}

func TestCountsOfANode(t *testing.T) {
	before := func(in info) sample { return sample{moment: results.MomentBefore, info: in} }
	during := func(in info) sample { return sample{info: in} }
	after := func(in info) sample { return sample{moment: results.MomentAfter, info: in} }
	for _, tc := range []struct {
		what    string
		samples []sample
		set     span
		lost    loss
	}{
		{"a primary", []sample{before(at("a", "master", "h", "5")), after(at("a", "master", "h", "25"))}, span{20, 20}, whole},
		{"a replica executes what its primary sends", []sample{before(at("a", "slave", "h", "5")), after(at("a", "slave", "h", "25"))}, span{0, 0}, whole},
		{"a promotion between two samples", []sample{before(at("a", "slave", "h", "5")), during(at("a", "slave", "h", "15")), during(at("a", "master", "i", "18")), after(at("a", "master", "i", "28"))}, span{10, 13}, whole},
		{"a demotion and a return that no sample saw", []sample{before(at("a", "master", "h", "5")), after(at("a", "master", "i", "25"))}, span{0, 20}, whole},
		{"a restart", []sample{before(at("a", "master", "h", "5")), during(at("a", "master", "h", "15")), during(at("b", "master", "h", "3")), after(at("b", "master", "h", "6"))}, span{13, unbounded}, restarted},
		{"statistics that were reset", []sample{before(at("a", "master", "h", "50")), after(at("a", "master", "h", "6"))}, span{0, unbounded}, restarted},
		{"no answer at the end", []sample{before(at("a", "master", "h", "5")), during(at("a", "master", "h", "15"))}, span{10, unbounded}, silent},
		{"no answer at the beginning", []sample{during(at("a", "master", "h", "5")), after(at("a", "master", "h", "15"))}, span{10, unbounded}, silent},
		{"no answer at all", nil, span{0, unbounded}, silent},
		{"the samples of the settled cluster are not of the load", []sample{before(at("a", "master", "h", "5")), after(at("a", "master", "h", "6")), {moment: results.MomentSettled, info: at("a", "master", "h", "60")}}, span{1, 1}, whole},
	} {
		c := (&node{samples: tc.samples}).counts()
		if got := c.executed("set"); got != tc.set || c.lost != tc.lost {
			t.Errorf("%s: %+v, lost %q; want %+v, %q", tc.what, got, c.lost, tc.set, tc.lost)
		}
	}
}

// A primary whose shard took slots in one step counts the writes of their old owner too.
func TestCountsOfATarget(t *testing.T) {
	c := counted{imported: true, segments: []segment{{role: primary, commands: map[string]calls{"set": {executed: 7}, "get": {executed: 3}}}}}
	if got := c.executed("set"); got != (span{0, 7}) {
		t.Errorf("writes: %v", got)
	}
	if got := c.executed("get"); got != (span{3, 3}) {
		t.Errorf("reads: %v", got)
	}
}

func TestRangesOfFigures(t *testing.T) {
	for _, tc := range []struct {
		s    span
		text string
	}{
		{span{0, 0}, "0"}, {span{1234567, 1234567}, "1,234,567"}, {span{999, 1000}, "999 to 1,000"},
		{span{7, unbounded}, "at least 7"}, {span{1, unbounded}.plus(span{1, unbounded}).times(3), "at least 6"},
	} {
		if got := tc.s.String(); got != tc.text {
			t.Errorf("%+v is %q, want %q", tc.s, got, tc.text)
		}
	}
	if !(span{1, 5}).meets(span{5, 9}) || (span{1, 4}).meets(span{5, 9}) {
		t.Error("ranges that touch meet, others do not")
	}
}

func TestTheDemandOfAMix(t *testing.T) {
	d, ok := demanded(&results.Run{Client: results.Client{Type: "wire"}, Scenario: []byte(`{"workload": {"probe": {"interval": "5ms"}, "mix": [
		{"command": "GET"}, {"command": "MULTI", "name": "order", "commands": ["INCR {key}", "SET {key} 1"]},
		{"command": "RAW", "raw": "DBSIZE"}, {"command": "EVALSHA"}]}}`)})
	want := demand{attempts: 1, refusals: 3, scripted: true, probeEvery: 5 * time.Millisecond, entries: map[string]entry{
		"GET": {commands: map[string]int64{"get": 1}}, "order": {commands: map[string]int64{"incr": 1, "set": 1}},
		"DBSIZE": {commands: map[string]int64{"dbsize": 1}, spread: true}, "EVALSHA": {commands: map[string]int64{"evalsha": 1}},
	}}
	if diff := deep.Diff(want, d); !ok || diff != "" {
		t.Error(ok, diff)
	}
}

// Lines of a log are as exact as the clock that dated them.
func TestLinesOfAnInexactClockAgree(t *testing.T) {
	for _, tc := range []struct {
		at, blur results.Duration
		want     string
	}{
		{millis(1020), millis(40), "yes"}, {millis(1001), 0, "yes"}, {millis(1020), millis(10), "no"}, {millis(1020), 0, "no"},
	} {
		b := &results.Bundle{Events: []results.Event{{Node: "node-0", Kind: results.EventElectionWon, Source: "log", Offset: tc.at}}}
		e := &evidence{nodes: []*node{{Node: results.Node{Name: "node-0"}, hasLog: true, blur: tc.blur, log: []logLine{{what: lineWon, at: millis(1000)}}}}}
		if c := logLines(b, e); (len(c.Differences) == 0) != (tc.want == "yes") {
			t.Errorf("%+v: %+v", tc, c)
		}
	}
}
