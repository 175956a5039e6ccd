package results

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Duration is a span of time, in nanoseconds like time.Duration. JSON shows it in
// milliseconds, exact to a microsecond.
// As an offset it counts from Run.Start on the run's one monotonic clock.
type Duration time.Duration

// DurationOf converts from the standard library's duration.
func DurationOf(d time.Duration) Duration { return Duration(d) }

// Std is m as the standard library's type.
func (m Duration) Std() time.Duration { return time.Duration(m) }

// String is the duration as Go writes it.
func (m Duration) String() string { return time.Duration(m).String() }

// MarshalJSON writes milliseconds with up to three decimals.
func (m Duration) MarshalJSON() ([]byte, error) {
	us := math.Round(float64(m) / 1e3)
	return strconv.AppendFloat(nil, us/1e3, 'f', -1, 64), nil
}

// maxMilliseconds is a hundred years: sums and differences of two do not overflow.
const maxMilliseconds = 100 * 365 * 24 * 3600 * 1000.0

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Duration) UnmarshalJSON(b []byte) error {
	var ms float64
	if err := json.Unmarshal(b, &ms); err != nil {
		return fmt.Errorf("milliseconds: %w", err)
	}
	if math.Abs(ms) > maxMilliseconds {
		return fmt.Errorf("milliseconds: %g are more than a hundred years", ms)
	}
	*m = Duration(math.Round(ms*1e3) * 1e3)
	return nil
}
