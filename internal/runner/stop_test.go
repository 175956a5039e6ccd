package runner

import (
	"errors"
	"testing"
)

// The first reason to end a run counts.
func TestHalt(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	h, over := newHalt(stop)
	defer over()
	close(stop)
	if <-h.done; h.why != "stopped by a signal" {
		t.Error(h.why)
	}
	h.lost(errors.New("two uses it"))
	h, over = newHalt(nil)
	defer over()
	h.lost(errors.New("two uses it"))
	if <-h.done; h.why != "two uses it" {
		t.Error(h.why)
	}
}
