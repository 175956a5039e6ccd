//go:build !linux

package local

import (
	"errors"
	"time"
)

var errNoPressure = errors.New("processors, memory and volumes can be taken from nodes on Linux alone")

// CanPress returns why processors, memory and volumes cannot be taken from nodes
// here; nil if they can.
func CanPress() error { return errNoPressure }

// Affinity are the processors that a process' first thread may run on.
func Affinity(int) ([]int, error) { return nil, errNoPressure }

// Pin lets a process' first thread run on some processors alone.
func Pin(int, []int) error { return errNoPressure }

// ProcessorTime is what a process has used, in steps of 10 ms.
func ProcessorTime(int) (time.Duration, error) { return 0, errNoPressure }

// Memory is memory that is held.
type Memory struct{}

// HoldMemory takes memory.
func HoldMemory(int64) (*Memory, error) { return nil, errNoPressure }

// Held is how much is, in bytes.
func (*Memory) Held() (int64, error) { return 0, errNoPressure }

// Release gives the memory back.
func (*Memory) Release() error { return nil }

// FreeMemory is what programs can have without swapping, in bytes.
func FreeMemory() (int64, error) { return 0, errNoPressure }

// FreeInContainer is what is left of the bound of the container that this process
// is in, in bytes.
func FreeInContainer() (int64, error) { return 0, errNoPressure }

// BoundVolume makes a folder a file system of its own of some bytes.
func BoundVolume(string, int64) error { return errNoPressure }

// FreeVolume makes it a folder again.
func FreeVolume(string) error { return nil }

// FreeSpace is what can still be written to the file system of a folder, in bytes.
func FreeSpace(string) (int64, error) { return 0, errNoPressure }

// FillVolume takes all the space that the file system of a folder has left.
func FillVolume(string) error { return errNoPressure }

// EmptyVolume gives the space back that FillVolume took.
func EmptyVolume(string) error { return nil }
