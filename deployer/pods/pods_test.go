package pods

import (
	"testing"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
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
