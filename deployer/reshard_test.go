package deployer

import (
	"testing"
	"time"
)

// A backlog that does not become smaller once the snapshot is sent is named; one that does, or
// that only accumulates while the snapshot is sent, is not.
func TestBacklogs(t *testing.T) {
	type look struct {
		at        int // seconds
		state     string
		remaining int64
	}
	for name, tc := range map[string]struct {
		looks []look
		want  bool
	}{
		"grows":             {[]look{{0, "replicating", 100}, {20, "replicating", 150}, {31, "replicating", 200}}, true},
		"shrinks":           {[]look{{0, "replicating", 100}, {20, "replicating", 90}, {40, "replicating", 80}}, false},
		"snapshot":          {[]look{{0, "snapshotting", 100}, {40, "snapshotting", 900}, {80, "snapshotting", 1900}}, false},
		"after a snapshot":  {[]look{{0, "snapshotting", 100}, {40, "replicating", 900}, {60, "replicating", 950}}, false},
		"does not say":      {[]look{{0, "replicating", 0}, {40, "replicating", 0}, {80, "replicating", 0}}, false},
		"grows in the next": {[]look{{0, "replicating", 100}, {29, "paused", 100}, {60, "paused", 100}}, true},
	} {
		var b backlog
		got := false
		for _, l := range tc.looks {
			got = b.grows(migration{state: l.state, remaining: l.remaining}, time.Unix(int64(1000+l.at), 0))
		}
		if got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A slot that is open says where it goes, or where it comes from.
func TestOpenSlots(t *testing.T) {
	for text, want := range map[string]OpenSlot{"[93->-abc]": {93, "abc", false}, "[77-<-e7d1]": {77, "e7d1", true}} {
		if got, err := parseOpen(text); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
}
