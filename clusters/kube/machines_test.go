package kube

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

// machine is a node that is ready if it has no message.
func machine(name, message string, taints ...api.Taint) *api.Node {
	status := api.ConditionTrue
	if message != "" {
		status = api.ConditionFalse
	}
	return &api.Node{
		ObjectMeta: api.ObjectMeta{Name: name, UID: types.UID("uid-" + name)},
		Spec:       api.NodeSpec{Taints: taints},
		Status:     api.NodeStatus{Conditions: []api.NodeCondition{{Type: api.NodeReady, Status: status, Message: message}}},
	}
}

// TestMachinesAreAwaited bends time.
func TestMachinesAreAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := cluster(machine("one", ""), machine("two", "the network is not there"))
		time.AfterFunc(time.Minute, func() {
			if _, err := c.Client.CoreV1().Nodes().Update(t.Context(), machine("two", ""), api.UpdateOptions{}); err != nil {
				t.Error(err)
			}
		})
		began := time.Now()
		if err := c.AwaitMachines(t.Context()); err != nil || time.Since(began) < time.Minute {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
	for want, nodes := range map[string]*api.Node{
		"node two is not ready: the network is not there":  machine("two", "the network is not there"),
		"node two is not ready: it has not said so yet":    {ObjectMeta: api.ObjectMeta{Name: "two"}},
		"node two is ready, and still marked as not ready": machine("two", "", api.Taint{Key: api.TaintNodeNotReady}),
		"not all ready after 3m0s":                         machine("two", "late"),
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := cluster(machine("one", ""), nodes)
			if err := c.AwaitMachines(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}

// A new worker still has the taint of one whose network is not there; a control plane has
// its taint for good, unless it is the only machine.
func TestWorkersTakePods(t *testing.T) {
	control := api.Taint{Key: controlPlaneTaint, Effect: "NoSchedule"}
	soft := api.Taint{Key: controlPlaneTaint, Effect: api.PreferNoSchedule}
	c, _ := cluster(machine("control", "", control), machine("new", "", api.Taint{Key: api.TaintNodeNotReady, Effect: "NoSchedule"}), machine("soft", "", soft), machine("plain", ""))
	got, err := c.Workers(t.Context())
	slices.Sort(got)
	if want := []string{"new", "plain", "soft"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestOnlyTheRunsOwnCordonsAreTakenBack(t *testing.T) {
	c, objects := cluster(machine("mine", ""), machine("theirs", ""), machine("free", ""))
	get := func(name string) *api.Node {
		t.Helper()
		n, err := c.Client.CoreV1().Nodes().Get(t.Context(), name, api.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := c.SetCordon(t.Context(), get("free"), "run", true, api.DryRunAll); err != nil || get("free").Spec.Unschedulable {
		t.Errorf("a dry run: %v, %+v", err, get("free").Spec)
	}
	for name, run := range map[string]string{"mine": "run", "theirs": "another"} {
		if err := c.SetCordon(t.Context(), get(name), run, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Uncordon(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
	if n := get("mine"); n.Spec.Unschedulable || n.Annotations[CordonAnnotation] != "" {
		t.Errorf("mine: %+v %v", n.Spec, n.Annotations)
	}
	if n := get("theirs"); !n.Spec.Unschedulable || n.Annotations[CordonAnnotation] != "another" {
		t.Errorf("theirs: %+v %v", n.Spec, n.Annotations)
	}
	was := get("mine")
	was.UID = "before"
	if err := c.SetCordon(t.Context(), was, "run", true); !api.IsConflict(err) || !strings.Contains(err.Error(), "changing machine mine") {
		t.Errorf("a machine that was made anew: %v", err)
	}
	objects.Refuse("list", "nodes", kubetest.Forbidden())
	if err := c.Uncordon(t.Context(), "another"); err != nil {
		t.Errorf("a user who may not look at machines has cordoned none: %v", err)
	}
}

// Pods of other namespaces are strangers on a machine, except those of the cluster itself, those
// that every machine has, and those that have ended.
func TestStrangersOnAMachine(t *testing.T) {
	pod := func(namespace, name, on string, more ...func(*api.Pod)) *api.Pod {
		p := &api.Pod{ObjectMeta: api.ObjectMeta{Namespace: namespace, Name: name}, Spec: api.PodSpec{NodeName: on}}
		for _, change := range more {
			change(p)
		}
		return p
	}
	c, _ := cluster(machine("one", ""), machine("two", "it hangs"),
		pod("mine", "shard-0-0", "one"), pod("kube-system", "dns", "one"), pod("local-path-storage", "provisioner", "one"), pod("shop", "cart", "one"), pod("shop", "stock", "two"),
		pod("watch", "agent", "one", func(p *api.Pod) { p.OwnerReferences = []api.OwnerReference{{Kind: "DaemonSet"}} }),
		pod("shop", "job", "one", func(p *api.Pod) { p.Status.Phase = api.PodSucceeded }),
	)
	if got, err := c.Strangers(t.Context(), "one", "mine"); err != nil || !slices.Equal(got, []string{"shop/cart"}) {
		t.Errorf("%v, %v", got, err)
	}
	for name, want := range map[string]bool{"one": true, "two": false} {
		if got, err := c.Awake(t.Context(), name); err != nil || got != want {
			t.Errorf("%s is awake: %v, %v", name, got, err)
		}
	}
	if _, err := c.Awake(t.Context(), "three"); err == nil {
		t.Error("a machine that does not exist is no error")
	}
}
