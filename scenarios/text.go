package scenarios

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/slotstorm/slotstorm/internal/spelling"
)

// closest is the candidate that a typing slip could have turned into word, that word is a
// part of, or that shares most with it, as writes.lost does with lostWrites; "" when there is
// none. Case does not count: get finds GET.
func closest(word string, candidates []string) string {
	// No slip is this long, and the distance takes quadratic time.
	if len(word) > 64 {
		return ""
	}
	own := parts(word)
	word = strings.ToLower(word)
	best, nearest := "", 1+max(1, len(word)/3)
	for _, c := range candidates {
		if d := spelling.Distance(word, strings.ToLower(c)); d < nearest {
			best, nearest = c, d
		}
	}
	if best != "" || len(word) < 4 {
		return best
	}
	for _, c := range candidates {
		if strings.Contains(strings.ToLower(c), word) {
			return c
		}
	}
	most := 0
	for _, c := range candidates {
		shared := 0
		for _, part := range parts(c) {
			if slices.Contains(own, part) {
				shared += len(part)
			}
		}
		if shared > most {
			best, most = c, shared
		}
	}
	return best
}

// part is a part of a name: response and p99 in response.p99, node and Timeout in nodeTimeout.
var part = regexp.MustCompile(`[A-Z]?[a-z0-9]+|[A-Z]+`)

// parts are those of a name that say something, in lower case.
func parts(name string) []string {
	var list []string
	for _, p := range part.FindAllString(name, -1) {
		if len(p) > 3 {
			list = append(list, strings.ToLower(p))
		}
	}
	return list
}

// either lists words as prose: a, b or c.
func either(words []string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
}

// clip shortens s for a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

// isControl reports runes that no text of a scenario needs: they hide in
// an editor and break the lines of redis.conf and of reports.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// join is the path of name in the mapping at path.
func join(path, name string) string {
	switch {
	case name == "" || strings.ContainsFunc(name, func(r rune) bool { return strings.ContainsRune(`.[]" `, r) || isControl(r) }):
		return path + "[" + strconv.Quote(clip(name)) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// parent is the path around path.
func parent(path string) string {
	if strings.HasSuffix(path, `"]`) {
		return path[:max(strings.LastIndex(path, `["`), 0)]
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// Versions of YAML, and libraries of one version, read some numbers differently:
// 017 is 15 or 17, and 0o17 and 1_000 are numbers or texts. A scenario says the
// same to every reader, and to people: its numbers are decimal.

// decimal matches the numbers that every reader of YAML takes for the same.
var decimal = regexp.MustCompile(`^[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$`)

// plain reads a finite decimal number that is not negative.
func plain(text string) (float64, bool) {
	if !decimal.MatchString(text) {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0)
}

// decimalHint says how to write text, a number that is not decimal.
func decimalHint(text string) string {
	sign, digits := "", text
	if digits[0] == '-' || digits[0] == '+' {
		sign, digits = strings.TrimPrefix(digits[:1], "+"), digits[1:]
	}
	plain := strings.ReplaceAll(digits, "_", "")
	leading := len(plain) > 1 && plain[0] == '0' && plain[1] >= '0' && plain[1] <= '9'
	whole, ok := new(big.Int).SetString(plain, 0)
	switch {
	case leading && ok && whole.String() != withoutZeros(plain):
		return fmt.Sprintf("write %s%s; if octal is meant, write %s%s", sign, withoutZeros(plain), sign, whole)
	case leading:
		return fmt.Sprintf("write %s%s", sign, withoutZeros(plain))
	case ok && len(plain) < 40:
		return fmt.Sprintf("write %s%s", sign, whole)
	}
	return "write digits, and a point before a fraction"
}

func withoutZeros(digits string) string {
	short := strings.TrimLeft(digits, "0")
	if short == "" || short[0] < '0' || short[0] > '9' {
		return "0" + short
	}
	return short
}

// truthHint says what a truth value of YAML 1.1 is in a scenario.
func truthHint(text string) string {
	switch strings.ToLower(text) {
	case "yes", "y", "on", "true", "1":
		return "write true"
	case "no", "n", "off", "false", "0":
		return "write false"
	}
	return ""
}
