package facts

import (
	"fmt"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// quietWith is a quiet run with events, by milliseconds after the injection of the fixture's
// kill.
func quietWith(t *testing.T, list ...after) *Analysis {
	b := fixture.Quiet()
	for _, e := range list {
		b.Events = append(b.Events, results.Event{Offset: fixture.MS(fixture.Injected + e.ms), Kind: e.kind, Node: e.node, About: e.about, Message: e.message, Mode: results.Mode(e.message)})
	}
	return New(b, fixture.Scenario(t))
}

func TestAbandoned(t *testing.T) {
	asked, gaveUp := after{0, results.EventAsked, "node-3", "", "graceful"}, after{5010, results.EventAskedTimeout, "node-3", "", ""}
	for _, tt := range []struct {
		name   string
		events []after
		want   string
	}{
		{"timed out", []after{asked, gaveUp}, "node-3 0 graceful after 5010, 0 elections, 0 of 3 down, unlinked 0"},
		{"timed out without a link", []after{{-3000, results.EventLinkDown, "node-3", "", ""}, asked, gaveUp}, "node-3 0 graceful after 5010, 0 elections, 0 of 3 down, unlinked 3000"},
		{"timed out without a majority", []after{{-1000, results.EventNodeExit, "node-0", "", ""}, {-1000, results.EventNodeExit, "node-1", "", ""}, {0, results.EventAsked, "node-3", "", "force"},
			{69, results.EventElectionStart, "node-3", "", ""}, {4100, results.EventElectionStart, "node-3", "", ""}, gaveUp}, "node-3 0 force after 5010, 2 elections, 2 of 3 down, unlinked 0"},
		{"won", []after{asked, {10, results.EventElectionWon, "node-3", "", ""}, gaveUp}, ""},
		{"promoted", []after{asked, {10, results.EventPromoted, "node-3", "", ""}, gaveUp}, ""},
		{"the primary's timeout", []after{asked, {5010, results.EventAskedTimeout, "node-0", "", ""}}, ""},
		{"the log ends", []after{asked}, ""},
		{"restarted", []after{asked, {10, results.EventNodeExit, "node-3", "", ""}, gaveUp}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, m := range quietWith(t, tt.events...).Abandoned() {
				got += fmt.Sprintf("%s %d %s after %d, %d elections, %d of %d down, unlinked %d", m.Node, m.Shard, m.Mode, (m.GaveUp - m.Accepted).Std().Milliseconds(), m.Elections, m.Down, m.Primaries, m.Unlinked.Std().Milliseconds())
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestShortBacklogs(t *testing.T) {
	short := after{0, results.EventNoBacklog, "node-0", "", ""}
	down := after{-3000, results.EventLinkDown, "node-3", "", ""}
	sync := func(ms float64, node string) after { return after{ms, results.EventFullSync, node, "", ""} }
	for _, tt := range []struct {
		name   string
		events []after
		want   string
	}{
		{"once", []after{down, short, sync(10, "node-3"), {900, results.EventLinkUp, "node-3", "", ""}}, "node-3 of node-0, unlinked 3000, synced 900"},
		{"not in sync again", []after{down, short, sync(10, "node-3")}, "node-3 of node-0, unlinked 3000, synced 0"},
		{"after a restart", []after{{-3000, results.EventNodeExit, "node-3", "", ""}, short, sync(10, "node-3"), {900, results.EventLinkUp, "node-3", "", ""}}, "node-3 of node-0, unlinked 0, synced 900"},
		{"of another shard", []after{short, sync(10, "node-4")}, ""},
		{"much later", []after{short, sync(5000, "node-3")}, ""},
		{"without a word of the backlog", []after{down, sync(10, "node-3")}, ""},
		{"a loop", []after{short, sync(10, "node-3"), sync(430, "node-3"), sync(800, "node-3")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, b := range quietWith(t, tt.events...).ShortBacklogs() {
				synced := max(0, (b.Synced - b.Refused).Std().Milliseconds())
				got += fmt.Sprintf("%s of %s, unlinked %d, synced %d", b.Node, b.Primary, b.Unlinked.Std().Milliseconds(), synced)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestResyncLoops(t *testing.T) {
	sync := func(ms float64, node string) after { return after{ms, results.EventFullSync, node, "", ""} }
	full := func(ms float64) after { return after{ms, results.EventOutputLimit, "node-0", "", ""} }
	short := func(ms float64) after { return after{ms, results.EventNoBacklog, "node-0", "", ""} }
	for _, tt := range []struct {
		name   string
		events []after
		want   string
	}{
		{"three in a row", []after{full(-50), short(-5), sync(0, "node-3"), full(400), short(420), sync(430, "node-3"), full(900), sync(1000, "node-3")}, "node-3 of node-0 3 times in 1000, 3 overflows, 2 gaps"},
		{"twice is none", []after{full(-50), sync(0, "node-3"), sync(430, "node-3")}, ""},
		{"of two replicas", []after{sync(0, "node-3"), sync(430, "node-4"), sync(600, "node-3"), sync(700, "node-4")}, ""},
		{"restarted between", []after{sync(0, "node-3"), sync(430, "node-3"), {500, results.EventNodeExit, "node-3", "", ""}, sync(900, "node-3")}, ""},
		{"its primary restarted between", []after{sync(0, "node-3"), sync(430, "node-3"), {500, results.EventNodeExit, "node-0", "", ""}, sync(900, "node-3")}, ""},
		{"a loop, then a restart", []after{sync(0, "node-3"), sync(430, "node-3"), sync(800, "node-3"), {900, results.EventNodeExit, "node-3", "", ""}, sync(1900, "node-3")}, "node-3 of node-0 3 times in 800, 0 overflows, 0 gaps"},
		{"while the cluster is formed", []after{sync(-14000, "node-3"), sync(-13900, "node-3"), sync(-13800, "node-3")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, l := range quietWith(t, tt.events...).ResyncLoops() {
				got += fmt.Sprintf("%s of %s %d times in %d, %d overflows, %d gaps", l.Node, l.Primary, l.Times, (l.To - l.From).Std().Milliseconds(), l.Overflows, l.Gaps)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
