package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// arranged is a command line, sorted into its kinds.
type arranged struct {
	verb string
	// global and local are flags of the program and of the verb, each as one
	// word: "--name" or "--name=value", by the flag's first name.
	global, local []string
	args          []string
	// help and version are set by the flags of these names.
	help, version bool
}

// line is the command line as urfave/cli reads it, which stops looking for
// flags at the first word that is none.
func (w arranged) line(program string) []string {
	line := append([]string{program}, w.global...)
	if w.verb == "" {
		return line
	}
	line = append(line, w.verb)
	line = append(line, w.local...)
	return append(append(line, "--"), w.args...)
}

// takesValue reports whether a flag takes a value.
func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// arrange sorts args, the command line without the program's name. Flags may
// stand anywhere before "--": as --name value, --name=value, -n value, -nvalue,
// or several short ones in one word (-qv).
func arrange(app *cli.App, args []string) (arranged, error) {
	var w arranged
	verb := verbOf(app, args)
	if verb != nil {
		w.verb = verb.Name
	}
	s := sorter{app: app, verb: verb, w: &w}
	verbSeen := false
	word := func(a string) {
		if !verbSeen {
			verbSeen = true
			return
		}
		w.args = append(w.args, a)
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			for _, rest := range args[i+1:] {
				word(rest)
			}
			break
		}
		if !isFlag(a) {
			if !verbSeen && verb == nil {
				return w, usagef("unknown verb %q%s; 'slotstorm help' lists all verbs", a, suggest(a, verbNames(app)))
			}
			word(a)
			continue
		}
		used, err := s.flag(a, args[i+1:])
		if err != nil {
			return w, err
		}
		i += used
	}
	return w, nil
}

func isFlag(a string) bool { return len(a) > 1 && a[0] == '-' && a != "--" }

// verbOf finds the first word that is neither a flag nor a flag's value. No two
// verbs give one flag name different arity, so the verb need not be known first.
func verbOf(app *cli.App, args []string) *cli.Command {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			if i+1 < len(args) {
				return app.Command(args[i+1])
			}
			return nil
		}
		if !isFlag(a) {
			return app.Command(a)
		}
		if wantsNext(app, a) {
			i++
		}
	}
	return nil
}

// wantsNext reports whether the flag word a takes the next word as its value.
func wantsNext(app *cli.App, a string) bool {
	if strings.Contains(a, "=") {
		return false
	}
	if strings.HasPrefix(a, "--") {
		f, _ := lookup(app, nil, a[2:])
		return f != nil && takesValue(f)
	}
	for i, c := range a[1:] {
		if f, _ := lookup(app, nil, string(c)); f != nil && takesValue(f) {
			return i == len(a)-2
		}
	}
	return false
}

// lookup finds a flag by any of its names: the program's, then the verb's, or
// with no verb that of any verb. owner is the verb it belongs to.
func lookup(app *cli.App, verb *cli.Command, name string) (flag cli.Flag, owner *cli.Command) {
	has := func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }
	if i := slices.IndexFunc(app.Flags, has); i >= 0 {
		return app.Flags[i], nil
	}
	for _, c := range app.Commands {
		if verb != nil && c != verb {
			continue
		}
		if i := slices.IndexFunc(c.Flags, has); i >= 0 {
			return c.Flags[i], c
		}
	}
	return nil, nil
}

// sorter puts flags into words.
type sorter struct {
	app  *cli.App
	verb *cli.Command
	w    *arranged
}

// flag reads the flag word a, which rest follows, and returns how many words of rest
// belong to it.
func (s sorter) flag(a string, rest []string) (int, error) {
	if long, ok := strings.CutPrefix(a, "--"); ok {
		name, value, has := strings.Cut(long, "=")
		return s.one("--"+name, name, value, has, rest)
	}
	short := a[1:]
	if short == "help" || short == "version" {
		return s.one(a, short, "", false, nil)
	}
	for i := range len(short) {
		name := short[i : i+1]
		f, _ := lookup(s.app, s.verb, name)
		if f == nil && len(short) > 1 {
			// Perhaps a long flag behind a single dash.
			long, _, _ := strings.Cut(short, "=")
			if f, _ := lookup(s.app, s.verb, long); f != nil {
				return 0, usagef("unknown flag %s; did you mean --%s?", a, long)
			}
		}
		tail := short[i+1:]
		switch {
		case f != nil && takesValue(f) && tail != "":
			_, err := s.one("-"+name, name, strings.TrimPrefix(tail, "="), true, nil)
			return 0, err
		case f != nil && takesValue(f):
			return s.one("-"+name, name, "", false, rest)
		case strings.HasPrefix(tail, "="):
			_, err := s.one("-"+name, name, tail[1:], true, nil)
			return 0, err
		}
		if _, err := s.one("-"+name, name, "", false, nil); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// one takes one flag. shown is how the user wrote it.
func (s sorter) one(shown, name, value string, has bool, rest []string) (int, error) {
	switch {
	case (name == "help" || name == "h") && !has:
		s.w.help = true
		return 0, nil
	case name == "version" && !has:
		s.w.version = true
		return 0, nil
	}
	f, owner := s.find(name)
	if f == nil {
		return 0, s.unknown(shown, name)
	}
	used := 0
	if takesValue(f) && !has {
		if len(rest) == 0 {
			return 0, usagef("%s needs a value", shown)
		}
		value, has, used = rest[0], true, 1
	}
	if has && takesValue(f) {
		if kind := kindOfValue(f, value); kind != "" {
			return 0, usagef("%s needs %s, not %q", shown, kind, value)
		}
	}
	word := "--" + f.Names()[0]
	if has {
		word += "=" + value
	}
	if owner == nil {
		s.w.global = append(s.w.global, word)
	} else {
		s.w.local = append(s.w.local, word)
	}
	return used, nil
}

// kindOfValue names the kind of value that a flag needs, if value is none.
func kindOfValue(f cli.Flag, value string) string {
	var err error
	switch f.(type) {
	case *cli.IntFlag, *cli.Int64Flag:
		if _, err = strconv.ParseInt(value, 0, 64); err != nil {
			return "a whole number"
		}
	case *cli.Uint64Flag:
		if _, err = strconv.ParseUint(value, 0, 64); err != nil {
			return "a whole number, 0 or more"
		}
	case *cli.Float64Flag:
		if v, err := strconv.ParseFloat(value, 64); err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return "a number"
		}
	case *cli.DurationFlag:
		if _, err = time.ParseDuration(value); err != nil {
			return "a duration, such as 500ms, 10s or 5m"
		}
	}
	return ""
}

// find looks a flag up for the verb at hand; without a verb, only the
// program's own count.
func (s sorter) find(name string) (cli.Flag, *cli.Command) {
	f, owner := lookup(s.app, s.verb, name)
	if s.verb == nil && owner != nil {
		return nil, nil
	}
	return f, owner
}

func (s sorter) unknown(shown, name string) error {
	verb := "slotstorm"
	if s.verb != nil {
		verb += " " + s.verb.Name
	}
	if _, owner := lookup(s.app, nil, name); owner != nil {
		if s.verb == nil {
			return usagef("%s needs a verb, such as: slotstorm %s ...", shown, owner.Name)
		}
		return usagef("%s has no flag %s, which belongs to slotstorm %s; 'slotstorm help %s' lists its flags", verb, shown, owner.Name, s.verb.Name)
	}
	if len(name) == 1 {
		return usagef("%s has no flag %s", verb, shown) // every short flag is alike
	}
	known := []string{"--help"}
	for _, f := range slices.Concat(s.app.Flags, flagsOf(s.verb)) {
		for _, n := range f.Names() {
			if len(n) > 1 {
				known = append(known, "--"+n)
			}
		}
	}
	return usagef("%s has no flag %s%s", verb, shown, suggest("--"+name, known))
}

func flagsOf(c *cli.Command) []cli.Flag {
	if c == nil {
		return nil
	}
	return c.Flags
}

func verbNames(app *cli.App) []string {
	var names []string
	for _, c := range app.Commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}
