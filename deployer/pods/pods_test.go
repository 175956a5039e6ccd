package pods

import (
	"testing"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/results"
)

// A container that was ended for its memory differs from one that was killed for another reason:
// both end by signal 9.
func TestAnOOMKillIsNoOtherCrash(t *testing.T) {
	for reason, want := range map[string]bool{"OOMKilled": true, "Error": false} {
		end := api.ContainerState{Terminated: &api.ContainerStateTerminated{ExitCode: 137, Reason: reason}}
		is := podOf(&api.Pod{Status: api.PodStatus{ContainerStatuses: []api.ContainerStatus{{Name: Container, RestartCount: 1, LastTerminationState: end}}}}, Container)
		if is.OOMKilled != want || is.Exit != "ended by signal 9 ("+reason+")" {
			t.Errorf("%s: %+v", reason, is)
		}
	}
}

// The image of a node is that of its own container, wherever a sidecar stands.
func TestTheImageOfANodeIsNotThatOfASidecar(t *testing.T) {
	server, sidecar := api.ContainerStatus{Name: Container, Image: "redis:7.0", ImageID: "r"}, api.ContainerStatus{Name: "mesh", Image: "mesh:1", ImageID: "m"}
	for _, statuses := range [][]api.ContainerStatus{{server, sidecar}, {sidecar, server}} {
		p := &pods{history: []results.Pod{{UID: "u"}}}
		pod := &api.Pod{ObjectMeta: api.ObjectMeta{UID: "u"}, Status: api.PodStatus{ContainerStatuses: statuses}}
		p.note(pod, podOf(pod, Container))
		if h := p.history[0]; h.Image != "redis:7.0" || h.ImageID != "r" {
			t.Errorf("%+v", h)
		}
	}
}
