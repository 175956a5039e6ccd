package pods

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
	"github.com/slotstorm/slotstorm/scenarios"
)

// running is a pod of the deployment.
func running(t *testing.T, d *Deployment, s *kubetest.Server, name string) Pod {
	t.Helper()
	p := &api.Pod{ObjectMeta: api.ObjectMeta{Name: name, Labels: d.Place().Labels()}, Spec: api.PodSpec{NodeName: "machine-0"}}
	made, err := s.Objects.CoreV1().Pods(d.Namespace()).Create(t.Context(), p, api.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return podOf(made, Container)
}

// status sets the status of a pod's containers, once they are there.
func status(t *testing.T, d *Deployment, s *kubetest.Server, pod string, change func(*api.Pod) bool) {
	t.Helper()
	pods := s.Objects.CoreV1().Pods(d.Namespace())
	w, err := pods.Watch(t.Context(), api.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer w.Stop()
		for e := range w.ResultChan() {
			p, ok := e.Object.(*api.Pod)
			if !ok || p.Name != pod {
				continue
			}
			if p = p.DeepCopy(); !change(p) {
				continue
			}
			if _, err := pods.UpdateStatus(t.Context(), p, api.UpdateOptions{}); err != nil {
				t.Error(err)
			}
			return
		}
	}()
}

// helperIs gives the status of a helper's container once the pod has it.
func helperIs(state api.ContainerState) func(*api.Pod) bool {
	return func(p *api.Pod) bool {
		for _, c := range p.Spec.EphemeralContainers {
			p.Status.EphemeralContainerStatuses = append(p.Status.EphemeralContainerStatuses, api.ContainerStatus{Name: c.Name, State: state})
		}
		return len(p.Spec.EphemeralContainers) > 0
	}
}

func TestAHelperHasNoMoreRightsThanItNeeds(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	for i, h := range []Helper{Eyes, Hands} {
		pod := running(t, d, s, NodeName(0, i))
		status(t, d, s, pod.Name, helperIs(api.ContainerState{Running: &api.ContainerStateRunning{}}))
		for range 2 { // a second time there is one already
			if err := d.Help(t.Context(), pod, h); err != nil {
				t.Fatal(err)
			}
		}
		p, err := s.Objects.CoreV1().Pods(d.Namespace()).Get(t.Context(), pod.Name, api.GetOptions{})
		if err != nil || len(p.Spec.EphemeralContainers) != 1 {
			t.Fatalf("%+v %v", p, err)
		}
		c := p.Spec.EphemeralContainers[0]
		if c.Name != string(h)+"-"+d.Place().Run || c.Image != "slotstorm:test" || !slices.Equal(c.Args, []string{"helper", "stay"}) {
			t.Errorf("%+v", c)
		}
		rights := c.SecurityContext
		if *rights.AllowPrivilegeEscalation || !slices.Equal(rights.Capabilities.Drop, []api.Capability{"ALL"}) {
			t.Errorf("%s has %+v", h, rights)
		}
		if root := rights.RunAsUser != nil; root != (h == Hands) || slices.Contains(rights.Capabilities.Add, "NET_ADMIN") != (h == Hands) || len(rights.Capabilities.Add) > 1 {
			t.Errorf("%s has %+v", h, rights)
		}
	}
}

func TestAHelperThatCannotRunSaysWhy(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	for want, state := range map[string]api.ContainerState{
		"does not start: InvalidImageName: bad": {Waiting: &api.ContainerStateWaiting{Reason: "InvalidImageName", Message: "bad"}},
		"has ended with code 1 (Error)":         {Terminated: &api.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}},
	} {
		pod := running(t, d, s, "pod-"+strings.ToLower(strings.Fields(want)[0]))
		status(t, d, s, pod.Name, helperIs(state))
		if err := d.Help(t.Context(), pod, Eyes); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), pod.Name) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	pod := running(t, d, s, "shard-0-0")
	stale := pod
	stale.UID = "before"
	if err := d.Help(t.Context(), stale, Eyes); err == nil || !strings.Contains(err.Error(), "another one now") {
		t.Errorf("%v", err)
	}
	refusal := s.Objects.Refuse("patch", "pods/ephemeralcontainers", kubetest.Forbidden())
	defer refusal.End()
	if err := d.Help(t.Context(), pod, Eyes); !api.IsForbidden(err) {
		t.Errorf("%v", err)
	}
}

// TestAnImageMayBePulledAgain bends time: a pull that fails may succeed at the next attempt.
func TestAnImageMayBePulledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pulls := []api.ContainerStatus{{Name: "x", State: api.ContainerState{Waiting: &api.ContainerStateWaiting{Reason: "ErrImagePull", Message: "429"}}}}
		c := &container{what: "helper x", name: "x"}
		for range 2 {
			if runs, err := c.runs("p", pulls); runs || err != nil {
				t.Errorf("%v %v", runs, err)
			}
			time.Sleep(while / 2)
		}
		if _, err := c.runs("p", pulls); err == nil || err.Error() != "the helper x of pod p does not start: ErrImagePull: 429" {
			t.Errorf("%v", err)
		}
		if runs, err := c.runs("p", []api.ContainerStatus{{Name: "x", State: api.ContainerState{Running: &api.ContainerStateRunning{}}}}); !runs || err != nil {
			t.Errorf("%v %v", runs, err)
		}
	})
}

// answering has commands answer with where they run.
func answering(s *kubetest.Server) {
	s.Exec = func(c kubetest.Command) error {
		fmt.Fprintf(c.Out, "%s of %s: %s", c.Container, c.Pod, strings.Join(c.Args, " "))
		return nil
	}
}

func reads(t *testing.T, session io.ReadCloser) string {
	t.Helper()
	defer session.Close()
	raw, err := io.ReadAll(session)
	if err == nil || !strings.Contains(err.Error(), "EOF") {
		t.Errorf("its end is %v", err)
	}
	return string(raw)
}

func TestSessionsRunWhereTheyShould(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	answering(s)
	pod := running(t, d, s, "shard-0-0")
	session, err := d.Session(t.Context(), pod, Eyes)
	if err != nil {
		t.Fatal(err)
	}
	if got := reads(t, session); got != "slotstorm-eyes-"+d.Place().Run+" of shard-0-0: /slotstorm helper serve" {
		t.Error(got)
	}
	if session, err = d.SessionInside(t.Context(), pod, 17); err != nil {
		t.Fatal(err)
	}
	if got := reads(t, session); got != "redis of shard-0-0: /proc/17/exe helper serve" {
		t.Error(got)
	}
	// What an earlier run has left is found by that run's id, where it still runs.
	status(t, d, s, pod.Name, helperIs(api.ContainerState{Running: &api.ContainerStateRunning{}}))
	if err := d.Help(t.Context(), pod, Hands); err != nil {
		t.Fatal(err)
	}
	left, err := Helpers(t.Context(), d.Place().Cluster, d.Namespace(), testRun, Hands)
	if err != nil || len(left) != 1 || left[0].Pod != "shard-0-0" {
		t.Fatalf("%+v %v", left, err)
	}
	if session, err = left[0].Session("/slotstorm", "heal"); err != nil {
		t.Fatal(err)
	}
	if got := reads(t, session); !strings.HasSuffix(got, ": /slotstorm heal") {
		t.Error(got)
	}
	if none, err := Helpers(t.Context(), d.Place().Cluster, d.Namespace(), "another-20261123T070000Z-ef56", Hands); err != nil || len(none) > 0 {
		t.Errorf("of another run: %+v %v", none, err)
	}
}

func TestATrialLeavesNoPod(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		state api.ContainerState
		want  string
	}{
		"it runs":     {api.ContainerState{Running: &api.ContainerStateRunning{}}, ""},
		"it does not": {api.ContainerState{Waiting: &api.ContainerStateWaiting{Reason: "ErrImageNeverPull", Message: "not present"}}, "does not start: ErrImageNeverPull: not present"},
	} {
		d, s := bare(t)
		answering(s)
		status(t, d, s, trialPod, func(p *api.Pod) bool {
			p.Status.ContainerStatuses = []api.ContainerStatus{{Name: Container, State: tc.state}}
			return true
		})
		session, release, err := Trial(t.Context(), d.options, Hands)
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		} else {
			if err != nil {
				t.Fatal(err)
			}
			if got := reads(t, session); got != "redis of slotstorm-check: /slotstorm helper serve" {
				t.Error(got)
			}
			if err := release(); err != nil {
				t.Error(err)
			}
		}
		if list, err := s.Objects.CoreV1().Pods(d.Namespace()).List(t.Context(), api.ListOptions{}); err != nil || len(list.Items) > 0 {
			t.Errorf("%s: left %+v %v", name, list, err)
		}
	}
}

// TestReadableReadsWhatEachReleaseReports has a pod that ends well, and one that fails.
func TestReadableReadsWhatEachReleaseReports(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	releases := []scenarios.Release{{Image: "redis:7.0"}, {Image: "redis:8.0"}}
	s.Log = func(_ context.Context, r kubetest.LogRequest, w io.Writer) error {
		text := map[string]string{
			"reader-0": "RDB\tValkey server v=8.1.1 sha=0\tRedis server v=7.0.15 sha=0\tCan't handle RDB format version 12\n",
			"reader-1": "RDB\tRedis server v=7.0.15 sha=0\tValkey server v=8.1.1 sha=0\t7\nAOF\tRedis server v=7.0.15 sha=0\tValkey server v=8.1.1 sha=0\t6\n",
		}
		_, err := io.WriteString(w, text[r.Container])
		return err
	}
	phase := api.PodSucceeded
	status(t, d, s, readablePod, func(p *api.Pod) bool { p.Status.Phase = phase; return true })
	list, err := d.Readable(t.Context(), releases...)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		got = append(got, fmt.Sprintf("%s %s %s %v %s", r.Format, r.Writer, r.Reader, r.OK, r.Evidence))
	}
	want := []string{
		"RDB Valkey 8.1.1 Redis 7.0.15 false Can't handle RDB format version 12",
		"RDB Redis 7.0.15 Valkey 8.1.1 true 7 of 7 keys are there", "AOF Redis 7.0.15 Valkey 8.1.1 false 6 of 7 keys are there",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	phase = api.PodFailed
	status(t, d, s, readablePod, func(p *api.Pod) bool { p.Status.Phase = phase; return true })
	if _, err := d.Readable(t.Context(), releases...); err == nil || !strings.Contains(err.Error(), "has failed") {
		t.Errorf("%v", err)
	}
	if list, err := s.Objects.CoreV1().Pods(d.Namespace()).List(t.Context(), api.ListOptions{}); err != nil || len(list.Items) > 0 {
		t.Errorf("left %+v %v", list, err)
	}
}

// A ResourceQuota refuses a pod with a container that does not say what it takes.
func TestPodsForATryHaveRequestsAndLimits(t *testing.T) {
	t.Parallel()
	d, _ := bare(t)
	tried, err := d.options.trial(Hands)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*api.Pod{tried, d.readable([]scenarios.Release{{Image: "redis:7.0"}, {Image: "redis:8.0"}})} {
		for _, c := range append(p.Spec.InitContainers, p.Spec.Containers...) {
			for _, list := range []api.ResourceList{c.Resources.Requests, c.Resources.Limits} {
				if list.Cpu().IsZero() || list.Memory().IsZero() {
					t.Errorf("%s of %s: %+v", c.Name, p.Name, c.Resources)
				}
			}
		}
	}
}
