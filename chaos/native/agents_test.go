package native

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/slotstorm/slotstorm/deployer/pods"
)

// endingPods are pods whose first session a test can end.
type endingPods struct {
	silentPods
	sessions []net.Conn
}

func (e *endingPods) Session(context.Context, pods.Pod, pods.Helper) (io.ReadWriteCloser, error) {
	ours, theirs := net.Pipe()
	e.sessions = append(e.sessions, theirs)
	go answerSilence(theirs)
	return ours, nil
}

// A connection that ended meanwhile is replaced, and no fault is judged by its error.
func TestAConnectionThatEndedIsReplaced(t *testing.T) {
	t.Parallel()
	e := &endingPods{}
	a := &Agents{Cluster: e}
	defer a.Close()
	pod := pods.Pod{Name: "shard-1-0", UID: "u0"}
	first, err := a.Conn(t.Context(), pod, pods.Eyes)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := a.Conn(t.Context(), pod, pods.Eyes); err != nil || again != first || len(e.sessions) != 1 {
		t.Errorf("a connection that lives is not used again: %v, %d sessions", err, len(e.sessions))
	}
	e.sessions[0].Close()
	second, err := a.Conn(t.Context(), pod, pods.Eyes)
	if err != nil || second == first || len(e.sessions) != 2 {
		t.Fatalf("%v, %d sessions", err, len(e.sessions))
	}
	if _, err := second.Stopped(t.Context(), 1); err != nil {
		t.Error(err)
	}
}
