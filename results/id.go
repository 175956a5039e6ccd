package results

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"
)

var idShape = regexp.MustCompile(`^[a-z0-9][-a-z0-9]*-\d{8}T\d{6}Z-[0-9a-f]{4}$`)

// IsID reports whether a text has the shape of what NewID gives.
func IsID(text string) bool { return idShape.MatchString(text) }

// NewID names a run <name>-<UTC>-<random>: names sort by time, and no two are alike.
func NewID(name string, at time.Time) string {
	suffix := [2]byte{byte(rand.Uint32()), byte(rand.Uint32())}
	return fmt.Sprintf("%s-%s-%s", name, at.UTC().Format("20060102T150405Z"), hex.EncodeToString(suffix[:]))
}
