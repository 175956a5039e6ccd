package words

import (
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// TestLost: only an audit that read everything back shows that nothing was lost.
func TestLost(t *testing.T) {
	for want, au := range map[string]*results.Audit{
		"0":     {Writes: 10, OK: 9, ReadBack: 10},
		"1,005": {Writes: 2000, OK: 2000, ReadBack: 2000, Lost: 1000, Altered: 5},
		"≥ 3":   {Writes: 10, OK: 9, ReadBack: 8, Lost: 1, Altered: 2},
		"≥ 1":   {Writes: 10, OK: 9, ReadBack: 10, Lost: 1, Unread: "3 keys of node-1"},
		None:    {Writes: 10, OK: 9, ReadBack: 8},
	} {
		if got := Lost(au); got != want {
			t.Errorf("%+v: %q, want %q", au, got, want)
		}
	}
	for name, au := range map[string]*results.Audit{"no audit": nil, "nothing acknowledged": {Writes: 10, Unknown: 10, ReadBack: 10}} {
		if got := Lost(au); got != None {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestQuantityOfHalfACount: the median of two counts need not be whole.
func TestQuantityOfHalfACount(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 2: "2", 2.5: "2.5", 1234.5: "1,234.5", 12345: "12,345"} {
		if got := Quantity(results.UnitCount, v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

// TestPercentOfAWhole: only a whole is 100 %, and only nothing is 0 %.
func TestPercentOfAWhole(t *testing.T) {
	for _, c := range []struct {
		share         float64
		percent, text string
	}{
		{0, "0 %", "0.0 %"},
		{1e-9, "0.0000001 %", "0.0000001 %"},
		{0.000004, "0.0004 %", "0.0004 %"},
		{0.0004, "0.04 %", "0.04 %"},
		{0.003, "0.3 %", "0.3 %"},
		{0.29, "29 %", "29 %"},
		{1.0 / 3, "33.333 %", "33 %"},
		{0.995, "99.5 %", "99.5 %"},
		{0.999, "99.9 %", "99.9 %"},
		{0.99999, "99.999 %", "99.999 %"},
		{0.999996, "99.9996 %", "99.9996 %"},
		{0.9999999, "99.99999 %", "99.99999 %"},
		{float64(99_999_999_999) / 100_000_000_000, "99.999999999 %", "99.999999999 %"},
		{float64(999_999_999_999) / 1_000_000_000_000, "99.9999999999 %", "99.9999999999 %"},
		{1, "100 %", "100 %"},
		{1.002, "100.2 %", "100.2 %"},
		{2.5, "250 %", "250 %"},
	} {
		if got := Percent(c.share); got != c.percent {
			t.Errorf("Percent(%v) = %q, want %q", c.share, got, c.percent)
		}
		if got := ShareText(c.share); got != c.text {
			t.Errorf("ShareText(%v) = %q, want %q", c.share, got, c.text)
		}
	}
}
