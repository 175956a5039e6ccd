package scenarios

import (
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// Versions of YAML, and libraries of one version, read some numbers differently:
// 017 is 15 or 17, and 0o17 and 1_000 are numbers or texts. A scenario says the
// same to every reader, and to people: its numbers are decimal.

const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle

// decimal matches the numbers that every reader of YAML takes for the same.
var decimal = regexp.MustCompile(`^[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$`)

// foreignNumber reports whether the YAML parser takes n for a number that is
// written in another way. Infinities are refused where a number is used.
func foreignNumber(n *yaml.Node) bool {
	tag := n.ShortTag()
	return (tag == "!!int" || tag == "!!float") && strings.ContainsAny(n.Value, "0123456789") && !decimal.MatchString(n.Value)
}

// takesNumber reports whether a number can be meant for v; a text of any kind is
// kept as it was written.
func takesNumber(v reflect.Value) bool {
	_, any := v.Addr().Interface().(*AnyValue)
	return !any && v.Kind() != reflect.String
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
