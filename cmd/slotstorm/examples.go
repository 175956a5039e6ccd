package main

import "strings"

// examples are command lines for the page of a verb.
func examples(lines ...string) string { return strings.Join(lines, "\n") }
