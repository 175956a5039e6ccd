package wire

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/slotstorm/slotstorm/workload/resp"
)

func TestKeys(t *testing.T) {
	for _, prefix := range []string{"", "key:", "{tag}:", "a{", "{}x", "}{", "{a}{b}"} {
		for _, count := range []int64{1000, tabled + 1} {
			k := NewKeys(prefix, count)
			for _, i := range []int64{0, 1, 9, 10, 999, count - 1} {
				key := fmt.Appendf(nil, "%s%d", prefix, i)
				got, slot := k.AppendBulk(nil, i)
				if !bytes.Equal(got, resp.AppendBulk(nil, key)) || slot != resp.Slot(key) {
					t.Errorf("key %d of %q: %q in slot %d, want %q in %d", i, prefix, got, slot, key, resp.Slot(key))
				}
			}
		}
	}
}

func BenchmarkKeys(b *testing.B) {
	for _, count := range []int64{tabled, 1 << 24} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			k := NewKeys("key:", count)
			var buf []byte
			x := uint64(1)
			for b.Loop() {
				x = x*6364136223846793005 + 1442695040888963407
				buf, _ = k.AppendBulk(buf[:0], int64(x>>33)%count)
			}
		})
	}
}
