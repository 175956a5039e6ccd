package results

import (
	"testing"
	"time"
)

func TestHowFarAClockIsAhead(t *testing.T) {
	t.Parallel()
	const ms = Duration(time.Millisecond)
	for name, tc := range map[string]struct {
		clocks      []ClockOffset
		least, most Duration
	}{
		"not measured":                     {nil, 0, 0},
		"the same":                         {[]ClockOffset{{Offset: 4 * ms, Uncertainty: 5 * ms}, {Offset: -ms, Uncertainty: 0}}, 0, 0},
		"the precision of a log":           {[]ClockOffset{{Offset: ms, Uncertainty: 0}}, 0, 0},
		"ahead":                            {[]ClockOffset{{Offset: 2000 * ms, Uncertainty: 5 * ms}, {Offset: 2003 * ms, Uncertainty: 1 * ms}}, 1995 * ms, 2005 * ms},
		"behind":                           {[]ClockOffset{{Offset: -2000 * ms, Uncertainty: 5 * ms}}, -2005 * ms, -1995 * ms},
		"set back during the run":          {[]ClockOffset{{Offset: 0, Uncertainty: ms}, {Offset: -3000 * ms, Uncertainty: ms}}, -3001 * ms, 0},
		"set forward, and right before it": {[]ClockOffset{{Offset: -3000 * ms, Uncertainty: ms}, {Offset: 0, Uncertainty: ms}}, -3001 * ms, 0},
	} {
		if least, most := (Node{Clocks: tc.clocks}).ClockAhead(); least != tc.least || most != tc.most {
			t.Errorf("%s: %v to %v, want %v to %v", name, least, most, tc.least, tc.most)
		}
	}
}
