package wire

import (
	"testing"
	"time"
)

// A loop with a rate never waits past the next request that is due: it once did
// whenever its next tick came first and replies kept it awake, and one request in
// ten was sent up to 10 ms late.
func TestAWaitEndsWhenTheNextRequestIsDue(t *testing.T) {
	const ms = int64(time.Millisecond)
	for _, tc := range []struct {
		name    string
		loop    loop
		drawing bool
		want    int64
	}{
		{"due after the tick, busy", loop{tick: 2 * ms, due: 3 * ms, more: true, far: 100 * time.Millisecond}, true, 3 * ms},
		{"due before the tick, busy", loop{tick: 4 * ms, due: 3 * ms, more: true, far: 100 * time.Millisecond}, true, 3 * ms},
		{"due after the tick, silent", loop{tick: 2 * ms, due: 3 * ms, more: true, idle: true, far: 100 * time.Millisecond}, true, 2 * ms},
		{"due far away, busy", loop{tick: 2 * ms, due: 900 * ms, more: true, far: 100 * time.Millisecond}, true, 101 * ms},
		{"with a spin before it", loop{tick: 2 * ms, due: 3 * ms, more: true, spin: ms / 2, far: 100 * time.Millisecond}, true, 5 * ms / 2},
		{"no more to come", loop{tick: 2 * ms, due: 3 * ms, far: 100 * time.Millisecond}, true, 101 * ms},
		{"not begun", loop{tick: 2 * ms, due: 3 * ms, more: true, far: 100 * time.Millisecond}, false, 101 * ms},
		{"closed loop, busy", loop{tick: 2 * ms, more: true, closedLoop: true, far: 100 * time.Millisecond}, true, 101 * ms},
		{"closed loop, silent", loop{tick: 2 * ms, more: true, closedLoop: true, idle: true, far: 100 * time.Millisecond}, true, 2 * ms},
		{"something to flush", loop{tick: 2 * ms, due: 3 * ms, more: true, hurry: true}, true, ms},
	} {
		if got := tc.loop.deadline(ms, tc.drawing); got != tc.want {
			t.Errorf("%s: until %v, want %v", tc.name, time.Duration(got), time.Duration(tc.want))
		}
	}
}
