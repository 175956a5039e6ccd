package scenarios

import "testing"

func TestBytes(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1500": 1500, "64Mi": 64 << 20, "1.5Gi": 3 << 29, "2k": 2000, "100M": 1e8, "7Ei": 7 << 60} {
		if got, err := Bytes(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "Mi", "-1", "1MiB", "1Mim", "256m", "1K", "1ki", "9Ei", "x"} {
		if got, err := Bytes(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}
