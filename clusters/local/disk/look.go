package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Answer is how one request of slotstorm's own was answered.
type Answer struct {
	Took time.Duration
	Err  error
}

// Look is how a volume answers now: three requests to a file of slotstorm's own.
type Look struct{ Write, Fsync, Read Answer }

// Look measures the volume. Its file is in no journal: what it syncs keeps nothing of
// the node's.
func (v *Volume) Look() (look Look, err error) {
	name := filepath.Join(v.dir, probe)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return Look{}, fmt.Errorf("measuring %s: %w", v.dir, err)
	}
	block := make([]byte, 512)
	look.Write = answer(func() error { _, err := f.WriteAt(block, 0); return err })
	look.Fsync = answer(f.Sync)
	if err := f.Close(); err != nil && look.Write.Err == nil {
		return Look{}, fmt.Errorf("measuring %s: %w", v.dir, err)
	}
	// The kernel forgets the contents of a file when it is opened.
	if f, err = os.Open(name); err != nil {
		return Look{}, fmt.Errorf("measuring %s: %w", v.dir, err)
	}
	look.Read = answer(func() error { _, err := f.ReadAt(block, 0); return err })
	return look, f.Close()
}

func answer(f func() error) Answer {
	started := time.Now()
	err := f()
	return Answer{time.Since(started), err}
}
