package plot

import (
	"math"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/words"
)

func TestFormat(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{words.Duration(0), "0 s"}, {words.Duration(fixture.MS(0.001)), "1.00 µs"}, {words.Duration(fixture.MS(0.9994)), "999 µs"}, {words.Duration(fixture.MS(0.9996)), "1.00 ms"},
		{words.Duration(fixture.MS(9.994)), "9.99 ms"}, {words.Duration(fixture.MS(9.996)), "10.0 ms"}, {words.Duration(fixture.MS(99.96)), "100 ms"}, {words.Duration(fixture.MS(999.6)), "1.00 s"},
		{words.Duration(fixture.MS(61_300)), "61.3 s"}, {words.Duration(fixture.MS(125_400)), "2 m 05 s"}, {words.Duration(fixture.MS(-250)), "−250 ms"},
		{words.StepTime(fixture.MS(6.4)), "6 ms"}, {words.StepTime(fixture.MS(999.7)), "1.000 s"}, {words.StepTime(fixture.MS(2308)), "2.308 s"},
		{words.Count(0), "0"}, {words.Count(999), "999"}, {words.Count(1000), "1,000"}, {words.Count(int64(12345678)), "12,345,678"}, {words.Count(-4321), "−4,321"},
		{words.Rate(0), "0/s"}, {words.Rate(0.5), "0.50/s"}, {words.Rate(1234.6), "1,235/s"},
		{words.Percent(1), "100 %"}, {words.Percent(0.99999999), "99.999999 %"}, {words.Percent(0.9), "90 %"}, {words.Percent(0.999), "99.9 %"}, {words.Percent(0), "0 %"},
		{words.StretchText(fixture.MS(2612), fixture.MS(4017)), "2.61 to 4.02 s"}, {words.StretchText(fixture.MS(900), fixture.MS(4017)), "900 ms to 4.02 s"},
		{words.StretchText(fixture.MS(130_000), fixture.MS(150_000)), "2 m 10 s to 2 m 30 s"},
		{signed(math.Copysign(0, -1)), "0"}, {signed(-3), "−3"}, {signed(0.5), "0.5"},
		{powerLabel(-5), "10 µs"}, {powerLabel(-4), "100 µs"}, {powerLabel(-3), "1 ms"}, {powerLabel(-1), "100 ms"}, {powerLabel(1), "10 s"},
		{words.Plural(1, "kill", "kills"), "1 kill"}, {words.Plural(2000, "kill", "kills"), "2,000 kills"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
