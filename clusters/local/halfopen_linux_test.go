package local

import (
	"net/netip"
	"slices"
	"testing"
)

// Addresses of both families are read from lines as the kernel writes them.
func TestHalfOpens(t *testing.T) {
	for line, want := range map[string]HalfOpen{
		"   0: 0101007F:18EB 0201007F:C350 03 00000000:00000000": {netip.MustParseAddrPort("127.0.1.1:6379"), netip.MustParseAddr("127.0.1.2")},
		"   1: 000000FD00000000000000000A000000:18EB 000000FD00000000000000000B000000:C350 03 0": {
			netip.MustParseAddrPort("[fd00::a]:6379"), netip.MustParseAddr("fd00::b")},
		"   2: 0000000000000000FFFF00000101007F:18EB 0000000000000000FFFF00000201007F:C350 03 0": {
			netip.MustParseAddrPort("127.0.1.1:6379"), netip.MustParseAddr("127.0.1.2")},
	} {
		if got, err := halfOpens("  sl  local_address rem_address   st\n" + line + "\n"); err != nil || !slices.Equal(got, []HalfOpen{want}) {
			t.Errorf("%s: %+v %v", line, got, err)
		}
	}
	for _, line := range []string{"0: 0101:18EB 0201007F:C350 03 0", "0: 0101007F:x 0201007F:C350 03 0"} {
		if got, err := halfOpens(line); err == nil {
			t.Errorf("%s: %+v", line, got)
		}
	}
	if got, err := halfOpens("0: 0101007F:18EB 0201007F:C350 01 0"); err != nil || len(got) > 0 {
		t.Errorf("an open connection: %+v %v", got, err)
	}
}
