package deployer

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
)

const (
	idA = "07c37dfeb235213a872192d90877d0cd61635b91"
	idB = "9b6ae3f6fbcad3b83a3ab5c5da9b6f7346e6e7ea"
)

// The lines are those of 7.0.15 and of 8.0.2, which adds names in brackets.
const logText = `12:C 22 Nov 2026 22:31:06.100 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo
18:S 22 Nov 2026 22:31:24.800 * FAIL message received from ` + idB + ` about ` + idA + `
18:S 22 Nov 2026 22:31:24.801 # Cluster state changed: fail
18:S 22 Nov 2026 22:31:24.805 # Start of election delayed for 629 milliseconds (rank #1, offset 520996).
18:S 22 Nov 2026 22:31:25.512 # Starting a failover election for epoch 7.
18:S 22 Nov 2026 22:31:25.514 # Failover election won: I'm the new master.
18:S 22 Nov 2026 22:31:25.600 # Currently unable to failover: Disconnected from master for longer than allowed. Please check the 'cluster-replica-validity-factor' configuration option.
18:S 22 Nov 2026 22:31:26.000 * Manual failover user request accepted.
18:S 22 Nov 2026 22:31:26.100 * Forced failover user request accepted (user request from 'id=7').
18:S 22 Nov 2026 22:31:26.200 * Taking over the primary (user request from 'id=7').
13:M 22 Nov 2026 22:31:24.799 * Marking node ` + idA + ` (host-1) as failing (quorum reached).
13:M 22 Nov 2026 22:31:25.513 * Failover auth granted to ` + idB + ` (host-4) for epoch 7
13:M 22 Nov 2026 22:31:30.000 * Clear FAIL state for node ` + idA + ` (host-1): replica is reachable again.
13:M 22 Nov 2026 22:31:30.001 * FAIL message received from ` + idB + ` (x) about 0000000000000000000000000000000000000000 (y)
garbage
`

func TestReadLog(t *testing.T) {
	c := &Cluster{Shards: 2, Nodes: []Node{{Name: "node-0", Shard: 1, ID: idA}, {Name: "node-3", Shard: 1, ID: idB}, {Name: "node-9"}}}
	clock := results.Clock{Start: time.Date(2026, 11, 22, 22, 31, 0, 0, time.UTC)}
	var got []results.Event
	err := c.ReadLog(c.Nodes[2], strings.NewReader(logText), clock, func(e results.Event) {
		e.Message = ""
		got = append(got, e)
	})
	if err != nil {
		t.Fatal(err)
	}
	zero, one, rank, offset := 0, 1, 1, int64(520996)
	event := func(at string, kind, about string, shard *int) results.Event {
		d, err := time.ParseDuration(at)
		if err != nil {
			t.Fatal(err)
		}
		return results.Event{Offset: results.DurationOf(d + time.Millisecond), Uncertainty: results.DurationOf(time.Millisecond), Kind: kind, Source: "log", Node: "node-9", About: about, Shard: shard}
	}
	delay := event("24.805s", results.EventElectionDelay, "", &zero)
	delay.Delay, delay.Rank, delay.ReplOffset = results.DurationOf(629*time.Millisecond), &rank, &offset
	start := event("25.512s", results.EventElectionStart, "", &zero)
	start.Epoch = 7
	vote := event("25.513s", results.EventVote, "node-3", &one)
	vote.Epoch = 7
	asked := func(at string, mode results.Mode) results.Event {
		e := event(at, results.EventAsked, "", &zero)
		e.Mode = mode
		return e
	}
	want := []results.Event{
		event("24.800s", results.EventFail, "node-0", &one),
		event("24.801s", results.EventStateDown, "", &zero),
		delay,
		start,
		event("25.514s", results.EventElectionWon, "", &zero),
		event("25.600s", results.EventElectionLost, "", &zero),
		asked("26s", results.Graceful),
		asked("26.100s", results.Force),
		asked("26.200s", results.Takeover),
		event("24.799s", results.EventFail, "node-0", &one),
		vote,
		event("30s", results.EventFailClear, "node-0", &one),
		event("30.001s", results.EventFail, "0000000000000000000000000000000000000000", &zero),
	}
	if diff := deep.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestReadLogOfEachVersion reads what the replica that won and a primary that voted
// logged when node-0 was killed, on each version: FAIL, the wait, the election, the vote,
// the promotion, and FAIL cleared.
func TestReadLogOfEachVersion(t *testing.T) {
	for version, want := range map[string]struct {
		primary, winner string
		delay           time.Duration
	}{
		"redis-7.0":  {"90ea8c384d89f43295e0e8d6e4b4238977a766ee", "32e34b904541bec797eb6cc149f08529e591313b", 595 * time.Millisecond},
		"redis-8.0":  {"b022e829305e6791ed08c91ee7d5de240a3e1a61", "a42dcba2d96f028ff344571d9642fa8d98d159a4", 832 * time.Millisecond},
		"valkey-8.1": {"6d68778c412a650c3c8482feed1b168239815185", "d507784ebd8a10423fbd8f120f18a97f64c0f76e", 947 * time.Millisecond},
		"valkey-9.1": {"7c7b8c4852076db5fd893215285ed9ae28a7f2f9", "043efef3590d40d6c66294f5da4f0d004611a094", 0},
	} {
		t.Run(version, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "logs", version+".log"))
			if err != nil {
				t.Fatal(err)
			}
			c := &Cluster{Shards: 1, Nodes: []Node{{Name: "node-0", ID: want.primary}, {Name: "node-3", ID: want.winner}}}
			seen := map[string]results.Event{}
			err = c.ReadLog(c.Nodes[1], bytes.NewReader(text), results.Clock{Start: time.Date(2026, 11, 29, 1, 50, 0, 0, time.UTC)}, func(e results.Event) {
				seen[strings.TrimSpace(e.Kind+" "+e.About)] = e
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"state-fail", "fail node-0", "election-delay", "election-start", "vote node-3", "election-won", "state-ok", "fail-clear node-0"} {
				if _, ok := seen[kind]; !ok {
					t.Errorf("no %s", kind)
				}
			}
			delay := seen["election-delay"]
			if delay.Delay.Std() != want.delay || delay.Rank == nil || *delay.Rank != 0 || delay.ReplOffset == nil || *delay.ReplOffset == 0 {
				t.Errorf("the wait is %+v, want %s", delay, want.delay)
			}
			if seen["election-start"].Epoch != 7 || seen["vote node-3"].Epoch != 7 {
				t.Errorf("epochs of the election and the vote: %+v, %+v", seen["election-start"], seen["vote node-3"])
			}
		})
	}
}

// TestReadRareLines has lines that few failovers log, in the format of each version.
func TestReadRareLines(t *testing.T) {
	c := &Cluster{Nodes: []Node{{Name: "node-3", ID: idB}}}
	ms := func(n int) results.Duration { return results.Duration(time.Duration(n) * time.Millisecond) }
	one, zero := 1, 0
	for text, want := range map[string]results.Event{
		"Replica rank updated to #1, added 1000 milliseconds of delay.":                         {Kind: results.EventElectionPostponed, Delay: ms(1000), Rank: &one},
		"Replica rank updated to #0, added -1000 milliseconds of delay.":                        {Kind: results.EventElectionPostponed, Delay: ms(-1000), Rank: &zero},
		"Failed primary rank updated to #0, added -500 milliseconds of delay.":                  {Kind: results.EventElectionPostponed, Delay: ms(-500)},
		"Myself become the best ranked replica, initiate the election immediately.":             {Kind: results.EventElectionHastened},
		"Start of election delayed for 1712 milliseconds (rank #1, primary rank #2, offset 9).": {Kind: results.EventElectionDelay, Delay: ms(1712), Rank: &one, ReplOffset: new(int64)},
		"Failover auth denied to " + idB + " () for epoch 7: its primary is up":                 {Kind: results.EventVoteDenied, About: "node-3", Message: "its primary is up"},
		"Failover auth denied to " + idB + ": its master is up":                                 {Kind: results.EventVoteDenied, About: "node-3", Message: "its master is up"},
	} {
		if want.ReplOffset != nil {
			*want.ReplOffset = 9
		}
		got, ok := c.parseMessage(text)
		if want.Message == "" {
			got.Message = ""
		}
		if diff := deep.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: recognised %v; %s", text, ok, diff)
		}
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add(logText)
	f.Fuzz(func(t *testing.T, text string) {
		c := &Cluster{Nodes: []Node{{Name: "a", ID: idA}}, Shards: 1}
		// Any text is read, or refused by an error: a line may be too long.
		_ = c.ReadLog(c.Nodes[0], strings.NewReader(text), results.Clock{Start: time.Unix(0, 0)}, func(results.Event) {})
	})
}

// TestTroubles: the lines are those of Redis 7.0.15 and 8.0.2, and of Valkey 8.1.1 and 9.1.2.
func TestTroubles(t *testing.T) {
	c := &Cluster{Nodes: []Node{{Name: "node-3"}}}
	for line, want := range map[string]string{
		"15:S 29 Nov 2026 02:06:06.944 # Manual failover timed out.":                                                                                                                                                                                      results.EventAskedTimeout,
		"16:S 29 Nov 2026 03:01:32.623 * Full resync from master: 46a7598fbb46e71918c8a8af3ab13dc49c496381:60440469":                                                                                                                                      results.EventFullSync,
		"16:S 29 Nov 2026 03:01:32.623 * PSYNC is not possible, initialize RDB channel.":                                                                                                                                                                  results.EventFullSync,
		"16:S 29 Nov 2026 03:01:32.623 * Full resync from primary: 46a7598fbb46e71918c8a8af3ab13dc49c496381:60440469":                                                                                                                                     results.EventFullSync,
		"21:M 29 Nov 2026 23:10:12.110 * Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to complete, this may slow down Redis.":                                                              results.EventFsyncStall,
		"12:M 29 Nov 2026 03:01:32.619 * Unable to partial resync with replica 127.0.1.4:6379 for lack of backlog (Replica request was: 57620358).":                                                                                                       results.EventNoBacklog,
		"12:M 29 Nov 2026 03:01:32.574 # Client id=5 addr=127.0.1.4:34219 laddr=127.0.1.1:6379 fd=22 name= age=14 idle=0 flags=S db=0 omem=205040 events=r cmd=replconf user=default scheduled to be closed ASAP for overcoming of output buffer limits.": results.EventOutputLimit,
		// An ordinary client and a partial resynchronisation are no trouble of a replica.
		"12:M 29 Nov 2026 03:01:32.574 # Client id=9 addr=127.0.1.4:34219 flags=N db=0 cmd=get scheduled to be closed ASAP for overcoming of output buffer limits.": "",
		"12:M 29 Nov 2026 03:01:32.619 * Partial resynchronization request from 127.0.1.4:6379 accepted. Sending 12 bytes of backlog starting from offset 57.":      "",
	} {
		got := ""
		err := c.ReadLog(c.Nodes[0], strings.NewReader(line+"\n"), results.Clock{Start: time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)}, func(e results.Event) { got = e.Kind })
		if err != nil || got != want {
			t.Errorf("%s: got %q, want %q (%v)", line, got, want, err)
		}
	}
}
