package ledger

import (
	"testing"
	"testing/synctest"
)

// One client after the other does it all while it can: no more connections than
// requests under way.
func TestTheAuditsClientsAreAsFewAsCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(&Audit{}, &seat{}, 2)
		seen := map[*client]int{}
		for range 10 {
			if !c.try(func(client *client) { seen[client]++ }) {
				t.Error("none is free")
			}
			synctest.Wait()
		}
		if len(seen) != 1 {
			t.Errorf("%d clients for one request at a time", len(seen))
		}
		answer := make(chan struct{})
		for i := range 3 {
			if took := c.try(func(*client) { <-answer }); took != (i < 2) {
				t.Errorf("request %d is under way: %v", i, took)
			}
		}
		close(answer)
		c.close()
	})
}
