package runner

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/upkeep"
	"github.com/slotstorm/slotstorm/results"
)

// keeper is the bundle of a run under load. The first error of writing ends the
// run: without a record a fault must not act, and one in force is to be healed.
type keeper struct {
	*results.Writer
	stop func()

	mu  sync.Mutex
	err error
}

func (k *keeper) noted(err error) error {
	if err == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		k.err = err
		k.stop()
	}
	return err
}

// Event keeps an event.
func (k *keeper) Event(e results.Event) error { return k.noted(k.Writer.Event(e)) }

// Journal keeps an entry of the journal.
func (k *keeper) Journal(e results.JournalEntry) error { return k.noted(k.Writer.Journal(e)) }

// Ledger keeps an audited write.
func (k *keeper) Ledger(w results.Write) error { return k.noted(k.Writer.Ledger(w)) }

// AuditRead keeps an audited read.
func (k *keeper) AuditRead(r results.AuditRead) error { return k.noted(k.Writer.AuditRead(r)) }

// Frame keeps a frame with its histograms.
func (k *keeper) Frame(f results.Frame, wall time.Time, histograms map[string]*hdrhistogram.Histogram) error {
	return k.noted(k.Writer.Frame(f, wall, histograms))
}

// unwritten says what could not be written under load, and whether a fault may
// still be in force.
func (k *keeper) unwritten(faults []results.Fault) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		return nil
	}
	for _, f := range faults {
		if f.Status == results.StatusUnhealed && f.Restored == 0 {
			return fmt.Errorf("%w: %s: %s: %w", upkeep.ErrUnhealed, f.Name, f.Reason, k.err)
		}
	}
	return fmt.Errorf("the run ended early, with no fault in force: %w", k.err)
}

// explain adds to an error of the disk that holds the results what to do about it.
func explain(root string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w\n  the disk of %s is full: free space there, or choose another folder with --out DIR", err, root)
	case errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w\n  the disk quota of %s is used up: free space there, or choose another folder with --out DIR", err, root)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w\n  the file system of %s is read-only: mount it writable, or choose another folder with --out DIR", err, root)
	}
	return err
}
