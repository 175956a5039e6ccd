package main

import (
	"os"
	"testing"
)

// TestSignalBesideSubscription: a signal that arrives before a subscription and is read
// after it, as on a busy machine, reaches the subscriber. One that the subscriber did not
// read ends the process.
func TestSignalBesideSubscription(t *testing.T) {
	exits := 0
	c := &catcher{exit: func() { exits++ }}
	pass := func(list ...os.Signal) {
		caught := make(chan os.Signal, len(list))
		for _, s := range list {
			caught <- s
		}
		close(caught)
		c.pass(caught)
	}
	own, release := c.take()
	pass(os.Interrupt) // it arrived before take
	if len(own) != 1 || exits != 0 {
		t.Fatalf("%d signals received, %d exits", len(own), exits)
	}
	<-own
	release()
	if exits != 0 {
		t.Errorf("a release after all signals were read: %d exits", exits)
	}
	pass(os.Interrupt)
	if exits != 1 {
		t.Errorf("a signal without a subscriber: %d exits", exits)
	}
	_, release = c.take()
	other, releaseOther := c.take()
	pass(os.Interrupt)
	release()
	if exits != 1 || len(other) != 1 {
		t.Errorf("a release beside another subscriber: %d exits, %d signals", exits, len(other))
	}
	releaseOther()
	if exits != 2 {
		t.Errorf("a release with an unread signal: %d exits", exits)
	}
	_, release = c.take()
	pass(os.Interrupt, os.Interrupt, os.Interrupt, os.Interrupt, os.Interrupt, os.Interrupt) // it does not block
	release()
}
