// Package words writes quantities and what a run recorded in words: 3.41 ms, 12,345,
// 99.9 %, T+10.002 s.
package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// ShareText shows a share of a value: 5.0 %, 12 %. It has more decimals where it would
// otherwise read as nothing or as a whole.
func ShareText(v float64) string {
	p := 100 * v
	decimals := 0
	if p < 9.95 {
		decimals = 1
	}
	for ; decimals < mostDecimals; decimals++ {
		shown := math.Round(p*math.Pow10(decimals)) / math.Pow10(decimals)
		if shown != 0 && shown != 100 || math.Abs(shown-p) < inexact {
			break
		}
	}
	return strconv.FormatFloat(p, 'f', decimals, 64) + " %"
}

const (
	// mostDecimals are the decimals of a percentage that a float64 near 100 has.
	mostDecimals = 12
	// inexact, in percent, is more than the error of a quotient.
	inexact = 1e-11
)

// UnitLabel is a value as the axis of a plot shows it, with a sign where it is negative.
func UnitLabel(u results.Unit, v float64) string {
	if v < 0 {
		return "−" + Quantity(u, math.Abs(v))
	}
	return Quantity(u, v)
}

// Duration shows three significant digits with the unit that fits: 412 µs,
// 3.41 ms, 61.0 ms, 3.41 s, 61.3 s; from two minutes on, 2 m 05 s.
func Duration(m results.Duration) string {
	d := m.Std()
	sign := ""
	if d < 0 {
		sign, d = "−", -d
	}
	switch {
	case d == 0:
		return "0 s"
	case d < 999500*time.Nanosecond:
		return sign + digits(float64(d)/1e3) + " µs"
	case d < 999500*time.Microsecond:
		return sign + digits(float64(d)/1e6) + " ms"
	case d < 2*time.Minute:
		return sign + digits(d.Seconds()) + " s"
	}
	s := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%s%d m %02d s", sign, s/60, s%60)
}

// StepTime shows a step of a failover to the millisecond, so that a reader can
// add steps up: 6 ms, 412 ms, 2.308 s.
func StepTime(m results.Duration) string {
	d := m.Std().Round(time.Millisecond)
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.3f s", d.Seconds())
}

// digits is v > 0 with three significant digits.
func digits(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Decimal is v with three significant digits, without an exponent.
func Decimal(v float64) string {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		return digits(v) // no number
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// Clock is an offset on the run's clock: 12.345 s.
func Clock(m results.Duration) string { return fmt.Sprintf("%.3f s", m.Std().Seconds()) }

// Count writes thousands apart: 12,345.
func Count[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Rate is a number per second.
func Rate(v float64) string {
	if v > 0 && v < 99.95 {
		return digits(v) + "/s"
	}
	return Count(int64(math.Round(v))) + "/s"
}

// Percent shows a share with up to three decimals and rounds towards the bad side. Nearer
// to a whole or to nothing it has as many as it needs to differ from them: only a whole is
// 100 %, and only nothing is 0 %.
func Percent(v float64) string {
	decimals := 3
	if rest := 100 * min(math.Abs(v), math.Abs(1-v)); rest > 0 {
		decimals = min(max(decimals, int(math.Ceil(-math.Log10(rest)-1e-9))), mostDecimals)
	}
	scaled := 100 * v * math.Pow10(decimals)
	p := math.Floor(scaled+1e-6+1e-15*math.Abs(scaled)) / math.Pow10(decimals)
	return strconv.FormatFloat(p, 'f', -1, 64) + " %"
}

// Quantity shows a metric's value.
func Quantity(u results.Unit, v float64) string {
	switch u {
	case results.UnitDuration:
		return Duration(results.DurationOf(time.Duration(math.Round(v * 1e9))))
	case results.UnitRate:
		return Rate(v)
	case results.UnitRatio:
		return Percent(v)
	}
	if v != math.Trunc(v) {
		return fixed(u, v, 1) // the median of an even number of counts
	}
	return Count(int64(v))
}

// Apart shows a metric's value with as many digits as it takes to differ from another value:
// 2.004 s beside 2.00 s. Equal values read alike.
func Apart(u results.Unit, v, from float64) string {
	text := Quantity(u, v)
	if v == from || text != Quantity(u, from) {
		return text
	}
	_, shown, _ := strings.Cut(strings.Fields(text)[0], ".")
	for decimals := len(strings.TrimSuffix(shown, "/s")); decimals <= mostDecimals; decimals++ {
		if more := fixed(u, v, decimals); more != fixed(u, from, decimals) {
			return more
		}
	}
	return text
}

// fixed shows a metric's value with a number of decimals, in the unit in which Quantity shows it;
// times from two minutes on in seconds.
func fixed(u results.Unit, v float64, decimals int) string {
	scale, unit := 1.0, ""
	switch {
	case u == results.UnitRate:
		unit = "/s"
	case u == results.UnitRatio:
		scale, unit = 100, " %"
	case u == results.UnitDuration && math.Abs(v) < 999.5e-6:
		scale, unit = 1e6, " µs"
	case u == results.UnitDuration && math.Abs(v) < 999.5e-3:
		scale, unit = 1e3, " ms"
	case u == results.UnitDuration:
		unit = " s"
	}
	whole, rest, _ := strings.Cut(strconv.FormatFloat(scale*v, 'f', decimals, 64), ".")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil && n != 0 {
		whole = Count(n)
	}
	return Sentence(".", whole, rest) + unit
}

// Plural is a count with its noun: 1 run, 2,000 runs.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Sentence joins the parts that say something.
func Sentence(sep string, parts ...string) string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return strings.Join(list, sep)
}

// Verb is the form of a verb for a count.
func Verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

const None = "–"

// OrNone is s, or a dash for an empty one.
func OrNone(s string) string {
	if s == "" {
		return None
	}
	return s
}

// WhenSet is a duration, or a dash for 0.
func WhenSet(m results.Duration) string {
	if m == 0 {
		return None
	}
	return Duration(m)
}
