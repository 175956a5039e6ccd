package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

func usageLine(v *cli.Command) string {
	line := "slotstorm " + v.Name
	if v.ArgsUsage != "" {
		line += " " + v.ArgsUsage
	}
	return line + " [flags]"
}

// flagRows describe flags on the page of a verb, or with no verb on that of the program.
func flagRows(flags []cli.Flag, verb string) []flagRow {
	var rows []flagRow
	for _, f := range flags {
		if f.Names()[0] == outFlag {
			rows = append(rows, outRows(verb)...)
			continue
		}
		if f.Names()[0] == jsonFlag && ownFormat[verb] != "" {
			continue
		}
		names, usage := describe(f)
		rows = append(rows, flagRow{names, usage})
	}
	return rows
}

// describe splits a flag's usage, in which the value's name stands in
// backquotes, into its names with that value, and the text.
func describe(f cli.Flag) (names, usage string) {
	var short, long []string
	for _, n := range f.Names() {
		if len(n) == 1 {
			short = append(short, "-"+n)
		} else {
			long = append(long, "--"+n)
		}
	}
	names = strings.Join(append(short, long...), ", ")
	if len(short) == 0 {
		names = "    " + names
	}
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return names, ""
	}
	usage = d.GetUsage()
	if before, rest, found := strings.Cut(usage, "`"); found {
		value, after, _ := strings.Cut(rest, "`")
		usage = before + value + after
		names += " " + value
	}
	if value := defaultOf(f); value != "" {
		usage += " (default: " + value + ")"
	}
	return names, usage
}

// defaultOf is the value that a flag has by itself; empty for none.
func defaultOf(f cli.Flag) string {
	var value any
	switch f := f.(type) {
	case *cli.StringFlag:
		value = f.Value
	case *cli.IntFlag:
		value = f.Value
	case *cli.Int64Flag:
		value = f.Value
	case *cli.Uint64Flag:
		value = f.Value
	case *cli.Float64Flag:
		if f.Value != 0 {
			return strconv.FormatFloat(f.Value, 'f', -1, 64)
		}
	case *cli.DurationFlag:
		value = f.Value
	}
	if value == nil || reflect.ValueOf(value).IsZero() {
		return ""
	}
	return fmt.Sprint(value)
}

// sentence is text with a capital at its start, and a full stop or a question mark at its
// end.
func sentence(text string) string {
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
