package schedule

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// MaxBytes limits a file of times, in bytes: 5,000,000 to 100,000,000 times, by their
// digits.
const MaxBytes = 256 << 20

// Limits of a file of times.
const (
	maxTimes = 50_000_000
	maxLine  = 4096
	maxAt    = 25 * time.Hour
)

// ReadTimes reads a file of intended starts: one offset a line, in decimal
// seconds from 0 to 90000, in order. Empty lines, and lines that begin with #,
// count for nothing. An error names the line.
func ReadTimes(r io.Reader) ([]time.Duration, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, maxLine), maxLine)
	var times []time.Duration
	line := 0
	for s.Scan() {
		line++
		text := strings.TrimSpace(s.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		at, err := parseTime(text)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", line, err)
		case len(times) > 0 && at < times[len(times)-1]:
			return nil, fmt.Errorf("line %d: %s is before the time above it", line, text)
		case len(times) == maxTimes:
			return nil, fmt.Errorf("line %d: more than %d times", line, maxTimes)
		}
		times = append(times, at)
	}
	if err := s.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: longer than %d bytes", line+1, maxLine)
	} else if err != nil {
		return nil, fmt.Errorf("line %d: %w", line+1, err)
	}
	if len(times) == 0 {
		return nil, errors.New("holds no times")
	}
	return times, nil
}

func parseTime(text string) (time.Duration, error) {
	v, err := strconv.ParseFloat(text, 64)
	// ParseFloat takes hexadecimal digits, underscores and names too.
	if err != nil || strings.ContainsAny(text, "xX_pPnN") {
		return 0, fmt.Errorf("%+.40q is not a number of seconds", text)
	}
	if v < 0 || v > maxAt.Seconds() {
		return 0, fmt.Errorf("%s is not from 0 to %.0f seconds", text, maxAt.Seconds())
	}
	return time.Duration(math.Round(v * float64(time.Second))), nil
}
