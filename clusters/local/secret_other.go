//go:build !linux

package local

import (
	"errors"
	"os"
)

// memoryFile is a feature of Linux.
func memoryFile(string, []byte) (*os.File, error) { return nil, errors.ErrUnsupported }
