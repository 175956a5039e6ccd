package scenarios

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/raced"
)

// hostile are texts as large as a scenario may be that make parsers slow.
func hostile() map[string]string {
	fill := func(part string) string { return strings.Repeat(part, maxBytes/len(part)) }
	var keys, anchors, documents strings.Builder
	for i := 0; keys.Len() < maxBytes-64; i++ {
		fmt.Fprintf(&keys, "k%d: %d\n", i, i)
	}
	for i := 0; anchors.Len() < maxBytes-64; i++ {
		fmt.Fprintf(&anchors, "- &a%d {b: *a%d}\n", i, max(i-1, 0))
	}
	for documents.Len() < maxBytes-64 {
		documents.WriteString("a: 1\n---\n")
	}
	header := "apiVersion: slotstorm/v1\nkind: Scenario\n"
	return map[string]string{
		"line breaks":      fill("\n"),
		"carriage returns": fill("\r"),
		"separators":       fill("\u2028"),
		"spaces":           fill(" "),
		"tabs":             fill("\t"),
		"brackets":         fill("["),
		"braces":           fill("{a: "),
		"questions":        fill("? "),
		"dashes":           fill("- "),
		"colons":           fill("a: "),
		"comments":         fill("#\n"),
		"comment":          "#" + fill("x")[1:],
		"items":            fill("-\n"),
		"items, comments":  fill("- a #\n"),
		"long key":         fill("k")[2:] + ": ",
		"long quoted":      `"` + fill("k")[2:] + `"`,
		"long escape":      `"` + fill(`\n`)[2:] + `"`,
		"open quote":       `"` + fill("x\n")[2:],
		"open block":       "a: |\n" + fill(" x\n")[16:],
		"many keys":        keys.String(),
		"one key":          header + fill("a: 1\n")[64:],
		"anchors":          "- &a0 x\n" + anchors.String()[64:],
		"tags":             fill("!a "),
		"anchors alone":    fill("&a "),
		"aliases":          "a: &a 1\nb: [" + fill("*a,")[64:] + "]",
		"documents":        documents.String(),
		"broken at end":    keys.String()[:maxBytes-128] + "\n]",
		"flow list":        "a: [" + fill("1,")[16:] + "]",
		"flow mapping":     "a: {" + fill("a,")[16:] + "}",
		"flow, comments":   "a: [" + fill("1, #\n")[16:] + "]",
		"nested lists":     strings.Repeat("- ", 9000) + "a",
		"nested mappings":  strings.Repeat("{a: ", 9000) + strings.Repeat("}", 9000),
		"zero bytes":       fill("\x00"),
		"no UTF-8":         fill("\xff"),
	}
}

// TestLargestFiles bounds the memory that each takes, in all and so at any time.
func TestLargestFiles(t *testing.T) {
	most := uint64(400 << 20)
	if raced.Enabled {
		most *= 8 // the detector keeps what the compiler would leave on the stack
	}
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			if len(text) > maxBytes {
				t.Fatalf("the text has %d bytes", len(text))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse("hostile.yaml", []byte(text))
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("is a scenario")
			}
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d MiB; %.150s", took>>20, err)
			if took > most {
				t.Errorf("reading took %d MiB of memory", took>>20)
			}
		})
	}
}
