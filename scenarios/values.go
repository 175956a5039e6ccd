package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// valueError says that a text is not what its type needs, and how to write it.
type valueError struct{ want, text, hint string }

func (e *valueError) Error() string {
	return fmt.Sprintf("%q is not %s: %s", e.text, e.want, e.hint)
}

// Duration is a time.Duration that YAML and JSON write as Go does: 250ms, 1m30s.
type Duration time.Duration

// Std is d as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String drops the zero units that time.Duration prints: 1m, not 1m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes d for JSON and YAML.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		if _, number := strconv.ParseFloat(string(b), 64); number == nil {
			return &valueError{"a duration", string(b), fmt.Sprintf("it needs a unit: did you mean %ss or %[1]sms?", b)}
		}
		return &valueError{"a duration", string(b), "write a number with a unit, such as 500ms, 10s or 2m"}
	}
	*d = Duration(v)
	return nil
}

// Away is how long a node stays down: For, or until the end of the timeline.
type Away struct {
	For     Duration
	Forever bool
}

// forever is how a scenario writes Away.Forever.
const forever = "forever"

// String is a as a scenario writes it.
func (a Away) String() string {
	if a.Forever {
		return forever
	}
	return a.For.String()
}

// MarshalText writes a for JSON and YAML.
func (a Away) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (a *Away) UnmarshalText(b []byte) error {
	*a = Away{Forever: string(b) == forever}
	if a.Forever {
		return nil
	}
	err := a.For.UnmarshalText(b)
	var bad *valueError
	if errors.As(err, &bad) {
		return &valueError{"a duration or " + forever, bad.text, bad.hint}
	}
	return err
}

// Rate is a number of requests per second, or Max: closed loop.
type Rate struct {
	PerSecond float64
	Max       bool
}

// String is the number, or "max".
func (r Rate) String() string {
	if r.Max {
		return "max"
	}
	return strconv.FormatFloat(r.PerSecond, 'f', -1, 64)
}

// UnmarshalText reads a number or "max".
func (r *Rate) UnmarshalText(b []byte) error {
	if string(b) == "max" {
		*r = Rate{Max: true}
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !decimal.Match(b) {
		return &valueError{"a rate", string(b), "write requests per second, such as 2000, or max for a closed loop"}
	}
	*r = Rate{PerSecond: v}
	return nil
}

// MarshalYAML writes a number, or max.
func (r Rate) MarshalYAML() (any, error) {
	if r.Max {
		return "max", nil
	}
	return r.PerSecond, nil
}

// MarshalJSON writes a number, or "max".
func (r Rate) MarshalJSON() ([]byte, error) {
	if r.Max {
		return []byte(`"max"`), nil
	}
	return json.Marshal(r.PerSecond)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Rate) UnmarshalJSON(b []byte) error {
	return r.UnmarshalText([]byte(strings.Trim(string(b), `"`)))
}

// Amount is a number of keys, or a share of them.
type Amount struct {
	// Count is the number where Share is 0.
	Count int64
	// Share is above 0 and at most 1.
	Share float64
}

// Of is the number of n keys that a is, at most n.
func (a Amount) Of(n int64) int64 {
	if a.Share > 0 {
		return int64(math.Ceil(a.Share * float64(n)))
	}
	return min(a.Count, n)
}

// String is a as a scenario writes it.
func (a Amount) String() string {
	if a.Share > 0 {
		return strconv.FormatFloat(a.Share*100, 'f', -1, 64) + "%"
	}
	return strconv.FormatInt(a.Count, 10)
}

// UnmarshalText reads what String writes.
func (a *Amount) UnmarshalText(b []byte) error {
	if number, percent := strings.CutSuffix(string(b), "%"); percent {
		if v, ok := plain(number); ok && v > 0 && v <= 100 {
			*a = Amount{Share: v / 100}
			return nil
		}
	} else if v, ok := plain(number); ok && v >= 1 && v <= 1e12 && v == math.Trunc(v) {
		*a = Amount{Count: int64(v)}
		return nil
	}
	return &valueError{"an amount", string(b), "write a number of keys, such as 10000, or a share of them, such as 100%"}
}

// MarshalText writes String, for JSON.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// MarshalYAML writes a number, or a share as a text.
func (a Amount) MarshalYAML() (any, error) {
	if a.Share > 0 {
		return a.String(), nil
	}
	return a.Count, nil
}

func seconds(n int) Duration      { return Duration(time.Duration(n) * time.Second) }
func milliseconds(n int) Duration { return Duration(time.Duration(n) * time.Millisecond) }

// AnyValue is a single value of any kind, as it was written.
type AnyValue string

// UnmarshalText takes any text.
func (v *AnyValue) UnmarshalText(b []byte) error {
	*v = AnyValue(b)
	return nil
}

// MarshalText gives it back.
func (v AnyValue) MarshalText() ([]byte, error) { return []byte(v), nil }
