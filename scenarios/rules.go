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
	required             bool
	enum                 []string
	minimum, maximum     string
	above, multiple      string // exclusiveMinimum, multipleOf
	minLength, maxLength int
	minItems, maxItems   int
	format               string
	lines                bool   // line breaks are welcome
	hintFor, hint        string // a keyword, and what to say where it is broken
}

// format is a shape of text. Hint says how to write it.
type format struct {
	name, want string
	pattern    *regexp.Regexp
	hint       string
}

// formats are the shapes that tags can name.
var formats = []format{
	{"label", "a label", regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$`), "use up to 50 lower case letters, digits and '-', as in kill-primary"},
	{"bytes", "a number of bytes", regexp.MustCompile(`^[0-9]+([.][0-9]+)?([kMGTPE]|[KMGTPE]i)?$`), "write a Kubernetes quantity of bytes, such as 256Mi or 1Gi (m is a thousandth)"},
	{"processors", "a number of processors", regexp.MustCompile(`^([0-9]+m|[0-9]+([.][0-9]{1,3})?)$`), "write a Kubernetes quantity of processors, such as 2, 0.5 or 500m"},
	{"namespace", "a namespace", regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`), "use up to 63 lower case letters, digits and '-'"},
	{"commandName", "a name of a mix entry", regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_.]{0,49}$`), "use up to 50 letters, digits, '-', '_' and '.', as in SET-session"},
	{"clientName", "a client's name", regexp.MustCompile(`^[!-~]+$`), "Redis takes printable ASCII without spaces"},
	{"aclUser", "a user's name", regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_.]{0,63}$`), "use up to 64 letters, digits, '-', '_' and '.'"},
	{"envName", "a variable's name", regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`), "name an environment variable, such as REDIS_PASSWORD"},
}

// CheckLabel says what is wrong with a name that is to be a label: one of a
// scenario, or one that is given after it.
func CheckLabel(name string) error {
	if f := formats[0]; !f.pattern.MatchString(name) {
		return fmt.Errorf("it must be %s: %s", f.want, f.hint)
	}
	return nil
}

func rulesOf(f reflect.StructField) rules {
	r := rules{lines: f.Tag.Get("text") == "lines"}
	r.hintFor, r.hint, _ = strings.Cut(f.Tag.Get("hint"), "=")
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
	case Away:
		return "a duration or " + forever
	case Target:
		return "a target, such as primary of shard 0"
	case Party:
		return "a part of a network, such as primary of shard 0 or generator 1"
	case Permission:
		return "a permission"
	case Bound, AnyValue:
		return "a single value"
	case Amount:
		return "a number of keys or a share, such as 100%"
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number that is not negative"
	case reflect.Float64:
		return "a number"
	}
	return "text"
}

// check gives what is wrong with v, and a hint.
func (r rules) check(v reflect.Value) (message, hint string) {
	if text := fmt.Sprint(v.Interface()); len(r.enum) > 0 && !slices.Contains(r.enum, text) {
		if v.Kind() != reflect.String {
			return fmt.Sprintf("must be %s, not %s", either(r.enum), text), ""
		}
		if c := closest(text, r.enum); c != "" {
			hint = "did you mean " + c + "?"
		}
		return fmt.Sprintf("must be %s, not %q", either(r.enum), clip(text)), hint
	}
	if v.Kind() == reflect.String {
		return r.checkText(v.String())
	}
	return r.checkNumber(v)
}

func (r rules) checkText(s string) (message, hint string) {
	control := isControl
	if r.lines {
		control = func(c rune) bool { return isControl(c) && c != '\n' && c != '\t' }
	}
	if i := strings.IndexFunc(s, control); i >= 0 {
		c, _ := utf8.DecodeRuneInString(s[i:])
		return fmt.Sprintf("holds the control character %U", c), ""
	}
	for _, f := range formats {
		if f.name == r.format && !f.pattern.MatchString(s) {
			return fmt.Sprintf("%q is not %s", clip(s), f.want), f.hint
		}
	}
	switch n := utf8.RuneCountInString(s); {
	case n < r.minLength:
		return "must not be empty", "leave the field out to take its default"
	case r.maxLength > 0 && n > r.maxLength:
		return fmt.Sprintf("must have at most %d characters, not %d", r.maxLength, n), ""
	}
	return "", ""
}

func (r rules) checkNumber(v reflect.Value) (message, hint string) {
	n, ok := number(v)
	switch text := fmt.Sprint(v.Interface()); {
	case !ok:
		return "", ""
	case math.IsNaN(n) || math.IsInf(n, 0):
		return "must be a finite number, not " + text, ""
	case r.minimum != "" && n < limit(r.minimum):
		return fmt.Sprintf("must be at least %s, not %s", r.minimum, text), r.hintOf("minimum")
	case r.above != "" && n <= limit(r.above):
		return fmt.Sprintf("must be above %s, not %s", r.above, text), r.hintOf("exclusiveMinimum")
	case r.maximum != "" && n > limit(r.maximum):
		return fmt.Sprintf("must be at most %s, not %s", r.maximum, text), r.hintOf("maximum")
	case r.multiple != "" && math.Mod(n, limit(r.multiple)) != 0:
		return fmt.Sprintf("must be a multiple of %s, not %s", r.multiple, text), r.hintOf("multipleOf")
	}
	return "", ""
}

func (r rules) checkItems(n int) (message, hint string) {
	switch {
	case n < r.minItems:
		return "is an empty list", r.hintOf("minItems")
	case r.maxItems > 0 && n > r.maxItems:
		return fmt.Sprintf("must have at most %d items, not %d", r.maxItems, n), r.hintOf("maxItems")
	}
	return "", ""
}

// hintOf is the hint for a broken keyword: the one of the tag, or the range.
func (r rules) hintOf(keyword string) string {
	switch {
	case keyword == r.hintFor:
		return r.hint
	case r.maximum != "" && r.minimum != "":
		return fmt.Sprintf("it can be %s to %s", r.minimum, r.maximum)
	case r.maximum != "" && r.above != "":
		return fmt.Sprintf("it can be above %s, up to %s", r.above, r.maximum)
	}
	return ""
}

// hintToAdd says how to write the missing field name, of type t.
func (r rules) hintToAdd(name string, t reflect.Type) string {
	switch {
	case r.hintFor == "minItems":
		return r.hint
	case len(r.enum) > 0:
		return "add " + name + ": " + r.enum[0]
	case t == reflect.TypeFor[Duration]():
		return "add " + name + ": 10s"
	case t == reflect.TypeFor[Amount]():
		return "add " + name + ": 1000 or " + name + ": 100%"
	case t == reflect.TypeFor[Target]():
		return "add " + name + ": primary of shard 0"
	case t.Kind() == reflect.Struct && len(fieldNames(t)) > 0 && fieldNames(t)[0] != "":
		return "its fields are " + strings.Join(fieldNames(t), ", ")
	}
	for _, f := range formats {
		if f.name == r.format {
			return f.hint
		}
	}
	return ""
}

// number is v as a number; durations in nanoseconds.
func number(v reflect.Value) (float64, bool) {
	switch is := v.Interface().(type) {
	case Rate:
		return is.PerSecond, !is.Max
	case Away:
		return float64(is.For), !is.Forever
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
func limit(text string) float64 {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(fmt.Sprintf("scenarios: struct tag with limit %q", text))
	}
	return float64(d)
}

// fieldNames are the names of t's fields, in order.
func fieldNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		names = append(names, name)
	}
	return names
}
