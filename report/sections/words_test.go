package sections

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// The sentence names the time that was predicted, and nothing is compared with a
// prediction that was not made.
func TestAsPredicted(t *testing.T) {
	f := results.Failover{Complete: true, From: "a", To: "b", Server: fixture.MS(4597), Client: fixture.MS(5015), PredictedMin: fixture.MS(2720), PredictedMax: fixture.MS(5130)}
	slow, none := f, f
	slow.Server = fixture.MS(6000)
	none.PredictedMin, none.PredictedMax = 0, 0
	for _, tt := range []struct {
		list []results.Failover
		want string
	}{
		{[]results.Failover{f}, "the failover took 4.597 s (server), within the 2.72 to 5.13 s predicted for this configuration"},
		{[]results.Failover{slow}, "the failover took 6.000 s (server), outside the 2.72 to 5.13 s predicted for this configuration"},
		{[]results.Failover{f, none, slow}, "1 of 2 failovers took as long (server) as predicted for this configuration"},
		{[]results.Failover{none}, ""},
	} {
		if got := asPredicted(&results.Summary{Failovers: tt.list}); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// A row that says 'down' has no share of the time that was up. The note names the same
// states as these rows, in the same order.
func TestAvailabilityRows(t *testing.T) {
	s := &results.Summary{Availability: results.Availability{
		Observed: fixture.MS(35000), Any: fixture.MS(4650), All: fixture.MS(836),
		Shards: []results.ShardAvailability{{Shard: 0, Outages: 1, Down: fixture.MS(4600), Longest: fixture.MS(4600)}},
	}}
	table := availabilityTable(&results.Run{}, s)
	for _, row := range table.Rows {
		if share := row[5]; (share == "") != (row[0] != "0") {
			t.Errorf("row %q", row)
		}
	}
	var note strings.Builder
	for _, p := range table.Note {
		note.WriteString(p.Text)
	}
	if want := "At least one shard was down for 13.285 % of that time, and all shards at once for 2.388 %."; !strings.HasSuffix(note.String(), want) {
		t.Errorf("%q, want %q", note.String(), want)
	}
}

func TestAFaultThatActedLateSaysSo(t *testing.T) {
	b := fixture.Killed()
	f := &b.Run.Faults[0]
	for want, late := range map[string]float64{"T+10.002 s": 1000, "T+10.002 s (12.0 s late)": 12000} {
		f.Planned = f.Injected - fixture.MS(late)
		if got := faultTable(&b.Run).Rows[0][5]; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestReadBackLine(t *testing.T) {
	for want, au := range map[string]*results.Audit{
		"the keys of all 7,600 writes were read back: 0 acknowledged writes lost, 0 altered":  {Writes: 7600, ReadBack: 7600},
		"the keys of 70 of 7,600 writes were read back: 1 acknowledged write lost, 2 altered": {Writes: 7600, ReadBack: 70, Lost: 1, Altered: 2},
	} {
		if got := readBackLine(au); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A margin that is not nothing is not shown as nothing.
func TestRoomOfTinyMargin(t *testing.T) {
	for margin, want := range map[float64]string{
		0:         "exactly at the limit",
		0.0000004: "0.00004 % above the minimum",
		0.0004:    "0.04 % above the minimum",
		0.004:     "0.4 % above the minimum",
		0.12:      "12 % above the minimum",
	} {
		low := 0.99
		if got := room(results.Objective{Result: results.Pass, Min: &low, Margin: &margin}); got != want {
			t.Errorf("margin %v: %q, want %q", margin, got, want)
		}
	}
}
