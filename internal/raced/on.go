//go:build race

// Package raced says whether the race detector is compiled in, for tests whose limits
// of memory it changes.
package raced

// Enabled is true in a build with -race.
const Enabled = true
