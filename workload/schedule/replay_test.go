package schedule

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestReadTimes(t *testing.T) {
	got, err := ReadTimes(strings.NewReader("# seconds\n0\n\n 0.25 \r\n.5\n1e0\n1.0000000004\n90000"))
	want := []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, time.Second, 25 * time.Hour}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestReadTimesRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "holds no times",
		"# nothing\n":                     "holds no times",
		"1\n2\n1.5":                       "line 3: 1.5 is before the time above it",
		"1\nsoon":                         `line 2: "soon" is not a number of seconds`,
		"-1":                              "line 1: -1 is not from 0 to 90000 seconds",
		"90000.1":                         "line 1: 90000.1 is not from 0 to 90000 seconds",
		"nan":                             `line 1: "nan" is not a number of seconds`,
		"Inf":                             `line 1: "Inf" is not a number of seconds`,
		"0x10":                            `line 1: "0x10" is not a number of seconds`,
		"1_0":                             `line 1: "1_0" is not a number of seconds`,
		"1 2":                             `line 1: "1 2" is not a number of seconds`,
		"1,5":                             `line 1: "1,5" is not a number of seconds`,
		"\xff":                            `line 1: "\xff" is not a number of seconds`,
		"0\n" + strings.Repeat("1", 5000): "line 2: longer than 4096 bytes",
	} {
		if _, err := ReadTimes(strings.NewReader(in)); err == nil || err.Error() != want {
			t.Errorf("%.20q: %v, want %s", in, err, want)
		}
	}
	broken := errors.New("broken")
	if _, err := ReadTimes(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("an error of the reader: %v", err)
	}
}

func FuzzReadTimes(f *testing.F) {
	for _, s := range []string{"0\n1.5\n2", "# x\n\n1e3", "nan", "-0", "1\r\n2\r\n", "\x00", "1e400", "0x1p-2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		times, err := ReadTimes(bytes.NewReader(data))
		if (err == nil) != (len(times) > 0) {
			t.Fatalf("%d times and error %v", len(times), err)
		}
		if !slices.IsSorted(times) || len(times) > 0 && (times[0] < 0 || times[len(times)-1] > maxAt) {
			t.Fatalf("times out of order or range: %v", times)
		}
		if err != nil && (err.Error() == "" || strings.ContainsAny(err.Error(), "\x00\n\x1b")) {
			t.Fatalf("error %q", err)
		}
	})
}
