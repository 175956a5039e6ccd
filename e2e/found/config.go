package main

import "io"

// config is what the flags say: the binary, the folder of servers, that of the runs, and
// which issues run how often.
type config struct {
	slotstorm, servers, root string
	runs                     int
	only                     []string
	progress                 io.Writer
}
