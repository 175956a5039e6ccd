package pods

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

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

// The limit of processors of a node is that of its own container.
func TestTheProcessorLimitOfANode(t *testing.T) {
	limited := func(name, cpu string) api.Container {
		return api.Container{Name: name, Resources: api.ResourceRequirements{Limits: api.ResourceList{api.ResourceCPU: resource.MustParse(cpu)}}}
	}
	for want, containers := range map[string][]api.Container{
		"500m": {limited("mesh", "2"), limited(Container, "500m")}, "": {limited("mesh", "2"), {Name: Container}},
	} {
		p := &pods{history: []results.Pod{{UID: "u"}}}
		pod := &api.Pod{ObjectMeta: api.ObjectMeta{UID: "u"}, Spec: api.PodSpec{Containers: containers}}
		p.note(pod, podOf(pod, Container))
		if got := p.history[0].CPULimit; got != want {
			t.Errorf("%q, want %q", got, want)
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
