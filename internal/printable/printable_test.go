package printable

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscapesWhatDoesNotShow(t *testing.T) {
	for name, c := range map[string]struct{ in, line, text string }{
		"empty":              {"", "", ""},
		"plain":              {"shard 0: 3.9 s, 100 %", "shard 0: 3.9 s, 100 %", "shard 0: 3.9 s, 100 %"},
		"other languages":    {"größe, время, 時間, שלום, e\u0301", "größe, время, 時間, שלום, e\u0301", "größe, время, 時間, שלום, e\u0301"},
		"signs":              {"12\u2009ms × 3 → 😀", "12\u2009ms × 3 → 😀", "12\u2009ms × 3 → 😀"},
		"replacement":        {"\ufffd", "\ufffd", "\ufffd"},
		"backslash":          {`C:\x1b`, `C:\x1b`, `C:\x1b`},
		"lines":              {"a\n\tb\r\n", `a\n\tb\r\n`, "a\n\tb\\r\n"},
		"overwritten line":   {"FAIL\rPASS", `FAIL\rPASS`, `FAIL\rPASS`},
		"colour":             {"\x1b[31mred", `\x1b[31mred`, `\x1b[31mred`},
		"title of a window":  {"\x1b]0;x\a", `\x1b]0;x\x07`, `\x1b]0;x\x07`},
		"delete, backspace":  {"a\x7f\b\x00", `a\x7f\x08\x00`, `a\x7f\x08\x00`},
		"C1":                 {"\u009b31m\u0085", `\u009b31m\u0085`, `\u009b31m\u0085`},
		"raw C1 byte":        {"\x9b31m", `\x9b31m`, `\x9b31m`},
		"direction":          {"a\u202eb\u202a\u2066\u2069\u200e\u200f\u061c", `a\u202eb\u202a\u2066\u2069\u200e\u200f\u061c`, `a\u202eb\u202a\u2066\u2069\u200e\u200f\u061c`},
		"no width":           {"a\u200b\u200c\u200d\u2060\ufeff\u00ad", `a\u200b\u200c\u200d\u2060\ufeff\u00ad`, `a\u200b\u200c\u200d\u2060\ufeff\u00ad`},
		"fillers":            {"\u3164\uffa0\u115f\u034f\u2800", `\u3164\uffa0\u115f\u034f\u2800`, `\u3164\uffa0\u115f\u034f\u2800`},
		"selectors and tags": {"a\ufe0f\U000e0101\U000e0041", `a\ufe0f\U000e0101\U000e0041`, `a\ufe0f\U000e0101\U000e0041`},
		"separators":         {"a\u2028b\u2029", `a\u2028b\u2029`, `a\u2028b\u2029`},
		"private":            {"\ue000\U000f0000", `\ue000\U000f0000`, `\ue000\U000f0000`},
		"without a meaning":  {"\u0378\uffff\U0010ffff", `\u0378\uffff\U0010ffff`, `\u0378\uffff\U0010ffff`},
		"no UTF-8":           {"a\xff\xc3(\xed\xa0\x80\xf4", `a\xff\xc3(\xed\xa0\x80\xf4`, `a\xff\xc3(\xed\xa0\x80\xf4`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Line(c.in); got != c.line {
				t.Errorf("Line(%q) = %q, not %q", c.in, got, c.line)
			}
			if got := Text(c.in); got != c.text {
				t.Errorf("Text(%q) = %q, not %q", c.in, got, c.text)
			}
		})
	}
}

// The classes hold the characters that a terminal obeys and the invisible ones; every
// member must be escaped, not only the well-known ones.
func TestNoControlOrFormatIsVisible(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) && Visible(r) {
			t.Errorf("%U counts as visible", r)
		}
	}
}

func TestJSONMeansWhatItMeant(t *testing.T) {
	for _, s := range []string{"plain", "a\nb\tc\x7f\u009b\u202e", "\U000e0041 😀\ufe0f\U0010ffff", "\ufffd", "\x1b[31m"} {
		var raw bytes.Buffer
		enc := json.NewEncoder(&raw)
		enc.SetIndent("", "\t")
		if err := enc.Encode(map[string]string{s: s}); err != nil {
			t.Fatal(err)
		}
		shown := JSON(raw.Bytes())
		if bad := hidden(strings.NewReplacer("\n", "", "\t", "").Replace(string(shown))); bad >= 0 {
			t.Errorf("%q: %q has something hidden at %d", s, shown, bad)
		}
		var back map[string]string
		if err := json.Unmarshal(shown, &back); err != nil || back[s] != s {
			t.Errorf("%q: %q means %q: %v", s, shown, back, err)
		}
	}
	if got := string(JSON([]byte("\"a\xffb\""))); got != `"a\ufffdb"` {
		t.Errorf("a broken byte is shown as %s", got)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "plain", "a\nb\tc", "\x1b[2J", "\u202eabc\u2069", "\xff\xfe", "時間 😀\ufe0f", "\U000e0041", `\x1b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line, text := Line(s), Text(s)
		if bad := hidden(line); bad >= 0 {
			t.Errorf("Line(%q) has %q at %d", s, line, bad)
		}
		if bad := hidden(strings.NewReplacer("\n", "", "\t", "").Replace(text)); bad >= 0 {
			t.Errorf("Text(%q) has %q at %d", s, text, bad)
		}
		if hidden(s) < 0 && (line != s || text != s) {
			t.Errorf("visible text %q became %q and %q", s, line, text)
		}
		if Line(line) != line || Text(text) != text {
			t.Errorf("%q escaped twice is not what it is escaped once", s)
		}
		if strings.Count(text, "\n") != strings.Count(s, "\n") {
			t.Errorf("Text(%q) has other lines: %q", s, text)
		}
	})
}

// hidden is where s has something that does not show, -1 if nowhere.
func hidden(s string) int {
	for at, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[at:], "\ufffd") {
			return at
		}
		if !Visible(r) {
			return at
		}
	}
	return -1
}
