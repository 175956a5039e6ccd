// Package printable makes foreign text safe to show. Answers of servers, names of
// files and texts of bundles may hold sequences that a terminal obeys, marks that
// turn the direction of writing, and invisible characters. They are shown as
// escapes, such as \x1b or \u202e.
//
// The result is for people to read and cannot be decoded: a backslash of the original
// stays as it is.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Line is s in one line: everything that is not Visible is an escape, line
// breaks and tabs among it. Visible text comes back unchanged.
func Line(s string) string { return escaped(s, Visible) }

// Text is s in as many lines as it has: like Line, but line breaks and tabs
// stay. A carriage return does not: it would let one line overwrite another.
func Text(s string) string {
	return escaped(s, func(r rune) bool { return r == '\n' || r == '\t' || Visible(r) })
}

// Visible reports whether r shows by itself what it is: a letter, mark, digit,
// sign or space with a width. Controls, marks of direction, line and paragraph
// separators, characters without a width, of private use or without a meaning
// do not.
func Visible(r rune) bool {
	if unicode.Is(invisible, r) {
		return false
	}
	return unicode.IsPrint(r) || unicode.Is(unicode.Zs, r)
}

// invisible are the letters, marks and signs that Unicode counts as such and
// that show nothing: fillers, joiners, and selectors of variants, which can
// carry hidden text. Formats (Cf) are no letters in the first place.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, // combining grapheme joiner
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, // Khmer inherent vowels
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, // Mongolian selectors
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // blank Braille pattern
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, // variation selectors
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // halfwidth Hangul filler
	},
	R32: []unicode.Range32{
		{Lo: 0xe0100, Hi: 0xe01ef, Stride: 1}, // more variation selectors
	},
}

// JSON is encoded JSON in which what does not show is written as JSON's own
// escapes: safe to print, and it means what it meant. Line breaks and tabs,
// which stand between values, stay.
func JSON(raw []byte) []byte {
	var out []byte
	done := 0 // raw[:done] is in out
	for at := 0; at < len(raw); {
		r, size := utf8.DecodeRune(raw[at:])
		if r != '\n' && r != '\t' && !Visible(r) {
			out = append(out, raw[done:at]...)
			if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
				out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
			done = at + size
		} else if r == utf8.RuneError && size == 1 {
			out = append(append(out, raw[done:at]...), `\ufffd`...) // as decoders read it
			done = at + size
		}
		at += size
	}
	if done == 0 {
		return raw
	}
	return append(out, raw[done:]...)
}

func escaped(s string, keep func(rune) bool) string {
	var b strings.Builder
	done := 0 // s[:done] is in b
	for at := 0; at < len(s); {
		r, size := utf8.DecodeRuneInString(s[at:])
		if broken := r == utf8.RuneError && size == 1; broken || !keep(r) {
			b.WriteString(s[done:at])
			b.WriteString(escape(r, s[at], broken))
			done = at + size
		}
		at += size
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// escape is how r is shown, or its first byte where it is no character.
func escape(r rune, first byte, broken bool) string {
	switch {
	case broken:
		return fmt.Sprintf(`\x%02x`, first)
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
