package scenarios

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// rules are what one field may hold, as its struct tag says. The keywords are
// those of JSON Schema; minimum, maximum, exclusiveMinimum and multipleOf are
// written as durations for a Duration.
type rules struct {
	required                          bool
	enum                              []string
	minimum, maximum, above, multiple string
	minLength, maxLength              int
	minItems, maxItems                int
	format                            string
	lines                             bool
	hint                              string
}

// format is a shape of text. Hint tells how to write it.
type format struct {
	name, pattern, hint string
}

// formats are the shapes that tags can name.
var formats = []format{
	{"label", `^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$`, "use up to 50 lower case letters, digits and '-', as in kill-primary"},
	{"quantity", `^[0-9]+([.][0-9]+)?(m|[kKMGTPE]i?)?$`, "write a Kubernetes quantity, such as 500m, 512Mi or 1Gi"},
	{"envName", `^[A-Za-z_][A-Za-z0-9_]*$`, "name an environment variable, such as REDIS_PASSWORD"},
}

func rulesOf(f reflect.StructField) rules {
	r := rules{hint: f.Tag.Get("hint"), lines: f.Tag.Get("text") == "lines"}
	for part := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
		word, value, _ := strings.Cut(part, "=")
		count, _ := strconv.Atoi(value)
		switch word {
		case "required":
			r.required = true
		case "enum":
			r.enum = append(r.enum, value)
		case "minimum":
			r.minimum = value
		case "maximum":
			r.maximum = value
		case "exclusiveMinimum":
			r.above = value
		case "multipleOf":
			r.multiple = value
		case "minLength":
			r.minLength = count
		case "maxLength":
			r.maxLength = count
		case "minItems":
			r.minItems = count
		case "maxItems":
			r.maxItems = count
		case "format":
			r.format = value
		}
	}
	return r
}

// want names the kind of value that v takes.
func (r rules) want(v reflect.Value) string {
	switch v.Interface().(type) {
	case Duration:
		return "a duration, such as 10s"
	case Rate:
		return "a number or max"
	case Target:
		return "a target, such as primary of shard 0"
	case Bound:
		return "a single value"
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "text"
}

// check gives what is wrong with v, and a hint.
func (r rules) check(v reflect.Value) (message, hint string) {
	if text := fmt.Sprint(v.Interface()); len(r.enum) > 0 && !slices.Contains(r.enum, text) {
		hint = r.hint
		if c := closest(text, r.enum); c != "" {
			hint = "did you mean " + c + "?"
		}
		return fmt.Sprintf("must be %s, not %s", either(r.enum), quoted(v)), hint
	}
	if v.Kind() == reflect.String {
		return r.checkText(v.String())
	}
	return r.checkNumber(v), r.hint
}

func (r rules) checkText(s string) (message, hint string) {
	control := isControl
	if r.lines {
		control = func(c rune) bool { return isControl(c) && c != '\n' && c != '\t' }
	}
	if i := strings.IndexFunc(s, control); i >= 0 {
		c, _ := utf8.DecodeRuneInString(s[i:])
		return fmt.Sprintf("holds the control character %U", c), r.hint
	}
	for _, f := range formats {
		if f.name == r.format && !regexp.MustCompile(f.pattern).MatchString(s) {
			return fmt.Sprintf("%q does not fit", clip(s)), f.hint
		}
	}
	switch n := utf8.RuneCountInString(s); {
	case n < r.minLength:
		return "must not be empty", r.hint
	case r.maxLength > 0 && n > r.maxLength:
		return fmt.Sprintf("must have at most %d characters, not %d", r.maxLength, n), r.hint
	}
	return "", ""
}

func (r rules) checkNumber(v reflect.Value) string {
	n, ok := number(v)
	switch text := fmt.Sprint(v.Interface()); {
	case !ok:
		return ""
	case math.IsNaN(n) || math.IsInf(n, 0):
		return "must be a finite number, not " + text
	case r.minimum != "" && n < r.limit(r.minimum):
		return fmt.Sprintf("must be at least %s, not %s", r.minimum, text)
	case r.above != "" && n <= r.limit(r.above):
		return fmt.Sprintf("must be above %s, not %s", r.above, text)
	case r.maximum != "" && n > r.limit(r.maximum):
		return fmt.Sprintf("must be at most %s, not %s", r.maximum, text)
	case r.multiple != "" && math.Mod(n, r.limit(r.multiple)) != 0:
		return fmt.Sprintf("must be a multiple of %s, not %s", r.multiple, text)
	}
	return ""
}

func (r rules) checkItems(n int) string {
	switch {
	case n < r.minItems:
		return "is an empty list"
	case r.maxItems > 0 && n > r.maxItems:
		return fmt.Sprintf("must have at most %d items, not %d", r.maxItems, n)
	}
	return ""
}

// number is v as a number; durations in nanoseconds.
func number(v reflect.Value) (float64, bool) {
	if rate, ok := v.Interface().(Rate); ok {
		return rate.PerSecond, !rate.Max
	}
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		return float64(v.Int()), true
	case reflect.Uint64:
		return float64(v.Uint()), true
	case reflect.Float64:
		return v.Float(), true
	}
	return 0, false
}

// limit is the number that a tag states, in the unit of number.
func (r rules) limit(text string) float64 {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(fmt.Sprintf("scenarios: struct tag with limit %q", text))
	}
	return float64(d)
}

// quoted is v for a message.
func quoted(v reflect.Value) string {
	if v.Kind() == reflect.String {
		return strconv.Quote(clip(v.String()))
	}
	return fmt.Sprint(v.Interface())
}
