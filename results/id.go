package results

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"
)

// NewID names a run <name>-<UTC>-<random>: names sort by time, and no two are alike.
func NewID(name string, at time.Time) string {
	suffix := [2]byte{byte(rand.Uint32()), byte(rand.Uint32())}
	return fmt.Sprintf("%s-%s-%s", name, at.UTC().Format("20060102T150405Z"), hex.EncodeToString(suffix[:]))
}
