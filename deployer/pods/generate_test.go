package pods

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
	"github.com/slotstorm/slotstorm/results"
)

// bare is a deployment whose objects are not applied.
func bare(t *testing.T) (*Deployment, *kubetest.Server) {
	t.Helper()
	n, s := place(t)
	o := Options{Namespace: n, PullSecret: "pull", Redis: redisWith(""), Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {}}
	o.Helpers = HelperPlan{Image: "slotstorm:test", Stay: []string{"helper", "stay"}, Serve: []string{"/slotstorm", "helper", "serve"}}
	return newDeployment(o), s
}

// generatorPod is a pod of the Job of the generators.
func generatorPod(n *kube.Namespace, index int, change func(*api.Pod)) *api.Pod {
	p := &api.Pod{ObjectMeta: api.ObjectMeta{
		Name: fmt.Sprintf("%s-%d", generatorName, index), Labels: map[string]string{}, Annotations: map[string]string{api.JobCompletionIndexAnnotation: fmt.Sprint(index)},
	}}
	for k, v := range n.Labels() {
		p.Labels[k] = v
	}
	p.Labels[nameLabel] = generatorName
	p.Spec.NodeName, p.Spec.RestartPolicy = "machine-0", api.RestartPolicyNever
	p.Status = api.PodStatus{Phase: "Running", PodIP: "127.0.0.1", ContainerStatuses: []api.ContainerStatus{{
		Name: Container, Ready: true, State: api.ContainerState{Running: &api.ContainerStateRunning{}},
	}}}
	if change != nil {
		change(p)
	}
	return p
}

var testPlan = GeneratorPlan{Count: 2, Image: "slotstorm:test", Args: []string{"generate"}, Secret: []byte("the key"), Port: GeneratorPort, Patience: time.Minute}

// follow makes pods once the Job has been applied.
func follow(ctx context.Context, t *testing.T, s *kubetest.Server, n *kube.Namespace, pods ...*api.Pod) {
	t.Helper()
	jobs, err := s.Objects.BatchV1().Jobs(n.Name).Watch(ctx, api.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer jobs.Stop()
		select {
		case <-ctx.Done():
			return
		case <-jobs.ResultChan():
		}
		for _, p := range pods {
			if _, err := s.Objects.CoreV1().Pods(n.Name).Create(ctx, p, api.CreateOptions{}); err != nil {
				t.Error(err)
			}
		}
	}()
}

func TestGeneratorsAreAJobOfTheRun(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	n := d.Place()
	if _, err := d.GeneratorPod(0); err == nil {
		t.Error("there is a generator before there are any")
	}
	follow(t.Context(), t, s, n, generatorPod(n, 0, nil), generatorPod(n, 1, nil))
	g, err := d.Generate(t.Context(), testPlan)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	name := generatorName + "-" + n.Run
	job, err := s.Objects.BatchV1().Jobs(n.Name).Get(t.Context(), name, api.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spec := job.Spec
	if *spec.Completions != 2 || *spec.Parallelism != 2 || *spec.BackoffLimitPerIndex != 0 || *spec.ActiveDeadlineSeconds != 60 || *spec.CompletionMode != api.IndexedCompletion {
		t.Errorf("the Job is %+v", spec)
	}
	if job.OwnerReferences[0].UID != n.OwnerReferences()[0].UID || job.Labels[kube.RunLabel] != n.Run {
		t.Errorf("its owner is %+v, its labels are %v", job.OwnerReferences, job.Labels)
	}
	secret, err := s.Objects.CoreV1().Secrets(n.Name).Get(t.Context(), name, api.GetOptions{})
	if err != nil || string(secret.Data["key.pem"]) != "the key" || strings.Contains(job.String(), "the key") {
		t.Errorf("the Secret is %+v (%v), the Job %s", secret, err, job)
	}
	if where := g.Place(1); where != "pod slotstorm-generator-1 on machine-0" {
		t.Error(where)
	}
	if p, err := d.GeneratorPod(1); err != nil || p.Index != 1 {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := d.GeneratorPod(2); err == nil || g.Place(2) != "no pod" {
		t.Errorf("a third one: %v, %s", err, g.Place(2))
	}
}

func TestAGeneratorIsReachedUntilItsPodHasEnded(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	n := d.Place()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "hello\n")
			conn.Close()
		}
	}()
	s.Forward = func(string, int) (string, error) { return l.Addr().String(), nil }
	follow(t.Context(), t, s, n, generatorPod(n, 0, nil))
	plan := testPlan
	plan.Count = 1
	g, err := d.Generate(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	conn, gone, err := g.Dial(t.Context(), 0)
	if err != nil || gone {
		t.Fatalf("%v %v", gone, err)
	}
	defer conn.Close()
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" {
		t.Errorf("%q %v", line, err)
	}
	end := generatorPod(n, 0, func(p *api.Pod) {
		p.Status.Phase = api.PodFailed
		p.Status.ContainerStatuses[0].State = api.ContainerState{Terminated: &api.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}}
	})
	if _, err := s.Objects.CoreV1().Pods(n.Name).UpdateStatus(t.Context(), end, api.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.pods.awaitAny(t.Context(), "its end", func(p Pod) bool { return p.Ended }); err != nil {
		t.Fatal(err)
	}
	if _, gone, err := g.Dial(t.Context(), 0); !gone || err == nil || err.Error() != "its pod has ended: ended by signal 9 (OOMKilled)" {
		t.Errorf("%v %v", gone, err)
	}
	if _, err := d.GeneratorPod(0); err == nil {
		t.Error("a pod that has ended runs")
	}
}

func TestAGeneratorThatDoesNotStartSaysWhy(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	n := d.Place()
	follow(t.Context(), t, s, n, generatorPod(n, 0, func(p *api.Pod) {
		p.Status.Phase, p.Status.ContainerStatuses[0].Ready = api.PodFailed, false
		p.Status.ContainerStatuses[0].State = api.ContainerState{Terminated: &api.ContainerStateTerminated{ExitCode: 2, Reason: "Error"}}
	}))
	s.Log = func(_ context.Context, r kubetest.LogRequest, w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s: unknown flag\n", r.Pod)
		return err
	}
	want := "generator 0: waiting for its pod: pod slotstorm-generator-0 has ended: exit code 2 (Error): slotstorm-generator-0: unknown flag"
	if _, err := d.Generate(t.Context(), testPlan); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	for resource, want := range map[string]string{"secrets": "applying the Secret of the generators", "jobs": "applying the Job of the generators"} {
		refusal := s.Objects.Refuse("patch", resource, kubetest.Forbidden())
		if _, err := d.Generate(t.Context(), testPlan); !api.IsForbidden(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		refusal.End()
	}
}

// TestAPlanIsTriedAndNotKept has the API server look at all objects, and keep none.
func TestAPlanIsTriedAndNotKept(t *testing.T) {
	t.Parallel()
	d, s := bare(t)
	planned := d.options.Plan(testPlan)
	if err := planned.Try(t.Context(), d.Place().Cluster, d.Namespace()); err != nil {
		t.Error(err)
	}
	for _, resource := range []string{"configmaps", "jobs"} {
		refusal := s.Objects.Refuse("patch", resource, kubetest.Forbidden())
		if err := planned.Try(t.Context(), d.Place().Cluster, d.Namespace()); !api.IsForbidden(err) {
			t.Errorf("%s: %v", resource, err)
		}
		refusal.End()
	}
	jobs, err := s.Objects.BatchV1().Jobs("").List(t.Context(), api.ListOptions{})
	if err != nil || len(jobs.Items) > 0 {
		t.Errorf("%+v %v", jobs, err)
	}
}
