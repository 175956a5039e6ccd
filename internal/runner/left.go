package runner

import (
	"errors"
	"fmt"
)

// errLeft says that what a run has made could not be removed.
var errLeft = errors.New("something of the run is left")

// removal is the error of a removal.
func removal(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", errLeft, err)
	}
	return nil
}
