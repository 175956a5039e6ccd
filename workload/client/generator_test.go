package client

import (
	"testing"
	"time"
)

func TestNoSecondBeginsAfterTheSchedule(t *testing.T) {
	for _, tc := range []struct {
		length, offset time.Duration
		want           int
	}{
		{3 * time.Second, 0, 0},
		{3 * time.Second, 999 * time.Millisecond, 0},
		{3 * time.Second, 2 * time.Second, 2},
		{3 * time.Second, 2999 * time.Millisecond, 2},
		{3 * time.Second, 3 * time.Second, 3},
		{3 * time.Second, 9 * time.Second, 3},
		{2500 * time.Millisecond, 2600 * time.Millisecond, 2},
		{2500 * time.Millisecond, 9 * time.Second, 3},
	} {
		g := &generator{plan: Plan{Length: tc.length}}
		if got := g.secondsBefore(tc.offset); got != tc.want {
			t.Errorf("%v into a schedule of %v, %d seconds have passed, want %d", tc.offset, tc.length, got, tc.want)
		}
	}
}
