package pods

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

const testNamespace = "slotstorm-20261123t050000z-ab12"

// redisPod is a pod of the cluster that a change is made to.
func redisPod(change func(*api.Pod)) *api.Pod {
	p := &api.Pod{ObjectMeta: api.ObjectMeta{Name: "shard-0-0", Namespace: testNamespace, Labels: map[string]string{nameLabel: Name}}}
	change(p)
	return p
}

// inContainer is a pod whose container has a status.
func inContainer(s api.ContainerStatus) *api.Pod {
	s.Name, s.Image = Container, "redis:9.9"
	return redisPod(func(p *api.Pod) { p.Status.ContainerStatuses = []api.ContainerStatus{s} })
}

func waiting(reason, message string) *api.Pod {
	return inContainer(api.ContainerStatus{State: api.ContainerState{Waiting: &api.ContainerStateWaiting{Reason: reason, Message: message}}})
}

func unschedulable() *api.Pod {
	return redisPod(func(p *api.Pod) {
		p.Status.Conditions = []api.PodCondition{{Type: api.PodScheduled, Status: api.ConditionFalse, Reason: api.PodReasonUnschedulable, Message: "0/1 nodes are available"}}
	})
}

// note is an event of the pod that warns of nothing.
func note(reason string) *api.Event {
	e := warning("Pod", "shard-0-0", reason, "")
	e.Type = "Normal"
	return e
}

func warning(kind, name, reason, message string) *api.Event {
	return &api.Event{
		ObjectMeta: api.ObjectMeta{Name: name + "." + reason, Namespace: testNamespace}, Type: api.EventTypeWarning,
		InvolvedObject: api.ObjectReference{Kind: kind, Name: name}, Reason: reason, Message: message,
	}
}

func claim(phase string) *api.PersistentVolumeClaim {
	c := &api.PersistentVolumeClaim{ObjectMeta: api.ObjectMeta{Name: "data-shard-0-0", Namespace: testNamespace, Labels: map[string]string{nameLabel: Name}}}
	c.Status.Phase = api.ClaimPhase(phase)
	return c
}

// obstacleCase is what Kubernetes reports, and the error that ends the waiting after
// some time; without one nothing is in the way.
type obstacleCase struct {
	objects []runtime.Object
	want    string
	after   time.Duration
}

func obstacleCases() map[string]obstacleCase {
	ended := api.ContainerState{Terminated: &api.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}}
	return map[string]obstacleCase{
		"an image that is not there":  {[]runtime.Object{waiting("ErrImagePull", "not found")}, "pod shard-0-0 does not start: image redis:9.9 cannot be pulled: not found", while},
		"the same, a moment later":    {[]runtime.Object{waiting("ImagePullBackOff", "Back-off pulling: ErrImagePull: not found")}, "image redis:9.9 cannot be pulled: not found", while},
		"an image that is not pulled": {[]runtime.Object{waiting("ErrImageNeverPull", "not present")}, "image redis:9.9 cannot be pulled: not present", brief},
		"an image without a word":     {[]runtime.Object{waiting("InvalidImageName", "")}, "image redis:9.9 cannot be pulled: InvalidImageName", brief},
		"a configuration":             {[]runtime.Object{waiting("CreateContainerConfigError", `secret "x" not found`)}, `CreateContainerConfigError: secret "x" not found`, while},
		"crashes":                     {[]runtime.Object{waiting("CrashLoopBackOff", "back-off")}, "pod shard-0-0 crashes: fake logs", 0},
		"crashes between":             {[]runtime.Object{inContainer(api.ContainerStatus{RestartCount: 2, LastTerminationState: ended})}, "pod shard-0-0 crashes: exit code 1 (Error): fake logs", 0},
		"one crash":                   {[]runtime.Object{inContainer(api.ContainerStatus{RestartCount: 1, LastTerminationState: ended})}, "", 0},
		"a container that starts":     {[]runtime.Object{waiting("ContainerCreating", "")}, "", 0},
		"an end": {[]runtime.Object{redisPod(func(p *api.Pod) {
			p.Spec.RestartPolicy = api.RestartPolicyNever
			p.Status.ContainerStatuses = []api.ContainerStatus{{Name: Container, State: ended}}
		})}, "pod shard-0-0 has ended: exit code 1 (Error)", 0},
		"no machine":               {[]runtime.Object{unschedulable()}, "pod shard-0-0 has no node to run on: 0/1 nodes are available", while},
		"no machine, none to come": {[]runtime.Object{unschedulable(), note("NotTriggerScaleUp")}, "pod shard-0-0 has no node to run on", while},
		"a machine that comes":     {[]runtime.Object{unschedulable(), note("TriggeredScaleUp")}, "", 0},
		"a machine of Karpenter":   {[]runtime.Object{unschedulable(), note("Nominated")}, "", 0},
		"a volume": {[]runtime.Object{redisPod(func(p *api.Pod) { p.Status.Phase = api.PodPending }), warning("Pod", "shard-0-0", "FailedMount", "timed out")},
			"pod shard-0-0 lacks a volume: FailedMount: timed out", attaching},
		"a volume that came":    {[]runtime.Object{redisPod(func(p *api.Pod) { p.Status.Phase = "Running" }), warning("Pod", "shard-0-0", "FailedMount", "timed out")}, "", 0},
		"a claim":               {[]runtime.Object{claim("Pending"), warning("PersistentVolumeClaim", "data-shard-0-0", "ProvisioningFailed", "no space")}, "volume claim data-shard-0-0 is not bound: ProvisioningFailed: no space", while},
		"a claim that is bound": {[]runtime.Object{claim("Bound"), warning("PersistentVolumeClaim", "data-shard-0-0", "ProvisioningFailed", "no space")}, "", 0},
		"a quota":               {[]runtime.Object{warning("StatefulSet", "shard-0", "FailedCreate", "exceeded quota")}, "StatefulSet shard-0 makes no pod: FailedCreate: exceeded quota", while},
		"another controller was faster": {[]runtime.Object{warning("StatefulSet", "shard-0", "FailedCreate",
			`Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again`)}, "", 0},
		"the quota of a Job":  {[]runtime.Object{warning("Job", generatorName+"-20261123t050000z-ab12", "FailedCreate", "exceeded quota")}, "makes no pod: FailedCreate: exceeded quota", while},
		"a pod that is going": {[]runtime.Object{redisPod(func(p *api.Pod) { p.DeletionTimestamp = &api.Time{Time: time.Now()}; p.Finalizers = []string{"x"} })}, "", 0},
		"another's pod":       {[]runtime.Object{redisPod(func(p *api.Pod) { p.Labels = nil; p.Status = waiting("ErrImagePull", "").Status })}, "", 0},
	}
}

// TestWhatIsInTheWayIsFoundAndGivenTime bends time.
func TestWhatIsInTheWayIsFoundAndGivenTime(t *testing.T) {
	for name, tc := range obstacleCases() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &kube.Cluster{Client: kubetest.NewClientset(tc.objects...)}
				o := &obstacles{&kube.Namespace{Cluster: c, Name: testNamespace, Run: "20261123t050000z-ab12"}, 1}
				within, stop := context.WithTimeout(t.Context(), 4*time.Minute)
				defer stop()
				ctx, failed := context.WithCancelCause(within)
				defer failed(nil)
				began := time.Now()
				o.watch(ctx, failed, map[string]string{nameLabel: Name})
				cause, took := context.Cause(ctx), time.Since(began)
				if tc.want == "" {
					if cause != context.DeadlineExceeded {
						t.Errorf("after %v: %v", took, cause)
					}
					return
				}
				if cause == nil || !strings.Contains(cause.Error(), tc.want) {
					t.Errorf("%v, want %q", cause, tc.want)
				}
				if took < tc.after || took > tc.after+2*retryEvery {
					t.Errorf("after %v, want %v", took, tc.after)
				}
			})
		})
	}
}

// TestATroubleThatPassesIsForgotten bends time: an image is late twice, each time for
// less than is given to it.
func TestATroubleThatPassesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.NewClientset(waiting("ErrImagePull", "slow"))
		o := &obstacles{&kube.Namespace{Cluster: &kube.Cluster{Client: c}, Name: testNamespace, Run: "x"}, 1}
		for i, p := range []*api.Pod{waiting("ContainerCreating", ""), waiting("ErrImagePull", "slow"), waiting("ContainerCreating", "")} {
			time.AfterFunc(time.Duration(i+1)*while-while/2, func() {
				if _, err := c.CoreV1().Pods(testNamespace).UpdateStatus(t.Context(), p, api.UpdateOptions{}); err != nil {
					t.Error(err)
				}
			})
		}
		within, stop := context.WithTimeout(t.Context(), 4*while)
		defer stop()
		ctx, failed := context.WithCancelCause(within)
		defer failed(nil)
		o.watch(ctx, failed, map[string]string{nameLabel: Name})
		if cause := context.Cause(ctx); cause != context.DeadlineExceeded {
			t.Errorf("%v", cause)
		}
	})
}

// TestATroubleWhoseTextChangesLasts bends time: each attempt to pull an image fails with
// a number of its own.
func TestATroubleWhoseTextChangesLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.NewClientset(waiting("ErrImagePull", "request 0"))
		o := &obstacles{&kube.Namespace{Cluster: &kube.Cluster{Client: c}, Name: testNamespace, Run: "x"}, 1}
		for i := 1; i < 10; i++ {
			time.AfterFunc(time.Duration(i)*while/4, func() {
				if _, err := c.CoreV1().Pods(testNamespace).UpdateStatus(t.Context(), waiting("ErrImagePull", fmt.Sprint("request ", i)), api.UpdateOptions{}); err != nil {
					t.Error(err)
				}
			})
		}
		within, stop := context.WithTimeout(t.Context(), 4*while)
		defer stop()
		ctx, failed := context.WithCancelCause(within)
		defer failed(nil)
		o.watch(ctx, failed, map[string]string{nameLabel: Name})
		if cause := context.Cause(ctx); cause == nil || !strings.Contains(cause.Error(), "cannot be pulled: request 4") {
			t.Errorf("%v", cause)
		}
		time.Sleep(3 * while) // the rest of the changes
	})
}

// TestAnAPIServerThatIsAwayReportsNothing has every list refused.
func TestAnAPIServerThatIsAwayReportsNothing(t *testing.T) {
	c := kubetest.NewClientset(waiting("CrashLoopBackOff", ""))
	for _, resource := range []string{"pods", "events", "persistentvolumeclaims"} {
		c.Refuse("list", resource, kubetest.Forbidden())
	}
	o := &obstacles{&kube.Namespace{Cluster: &kube.Cluster{Client: c}, Name: testNamespace, Run: "x"}, 1}
	if list := o.now(t.Context(), map[string]string{nameLabel: Name}); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

func volume(class string) *api.PersistentVolume {
	v := &api.PersistentVolume{ObjectMeta: api.ObjectMeta{Name: "disk-1"}}
	v.Spec.StorageClassName = class
	return v
}

func TestAStorageClassIsLookedForBeforeAnythingWaits(t *testing.T) {
	standard, fast := class("standard", true), class("fast", false)
	for name, tc := range map[string]struct {
		classes            []runtime.Object
		ofScenario, others string
		want               string
	}{
		"the default one":          {[]runtime.Object{standard, fast}, "", "", ""},
		"a named one":              {[]runtime.Object{standard, fast}, "fast", "standard", ""},
		"that of others":           {[]runtime.Object{standard}, "", "gone", `no storage class "gone"; it has standard`},
		"a missing one":            {[]runtime.Object{standard, fast}, "ssd", "", `no storage class "ssd"; it has fast, standard`},
		"no default one":           {[]runtime.Object{fast}, "", "", "no default storage class; name one in redis.storage.class: it has fast"},
		"none":                     {nil, "", "", "it has none"},
		"volumes made by hand":     {[]runtime.Object{standard, volume("manual")}, "manual", "", ""},
		"volumes of another class": {[]runtime.Object{standard, volume("manual")}, "ssd", "", `no storage class "ssd"; it has standard`},
		"volumes of no class":      {[]runtime.Object{fast, volume("")}, "", "", ""},
	} {
		c := &kube.Cluster{Client: kubetest.NewClientset(tc.classes...)}
		redis := redisWith(tc.ofScenario)
		err := CheckClass(t.Context(), c, redis, tc.others)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	c := kubetest.NewClientset(standard)
	refused := c.Refuse("list", "persistentvolumes", kubetest.Forbidden())
	if err := CheckClass(t.Context(), &kube.Cluster{Client: c}, redisWith("x"), ""); err != nil {
		t.Errorf("a user who may not look for volumes: %v", err)
	}
	refused.End()
	c.Refuse("list", "storageclasses", kubetest.Forbidden())
	if err := CheckClass(t.Context(), &kube.Cluster{Client: c}, redisWith("x"), ""); err != nil {
		t.Errorf("a user who may not look: %v", err)
	}
}
