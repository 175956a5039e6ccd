package pods

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// readyLimit is how long generators may take to listen.
const readyLimit = 10 * time.Minute

// Generate starts generators and waits until they listen.
func (d *Deployment) Generate(ctx context.Context, g GeneratorPlan) (*Generators, error) {
	if err := d.namespace.Check(ctx); err != nil {
		return nil, err
	}
	secret, job := generatorObjects(generatorsPlan(d.options), g)
	how := api.ApplyOptions{FieldManager: kube.Manager}
	if _, err := d.namespace.Client.CoreV1().Secrets(d.namespace.Name).Apply(ctx, secret, how); err != nil {
		return nil, fmt.Errorf("applying the Secret of the generators: %w", err)
	}
	if _, err := d.namespace.Client.BatchV1().Jobs(d.namespace.Name).Apply(ctx, job, how); err != nil {
		return nil, fmt.Errorf("applying the Job of the generators: %w", err)
	}
	pods, err := watchPods(ctx, labelled(d.namespace, secret.Labels), diary{clock: d.options.Clock})
	if err != nil {
		return nil, err
	}
	made := &Generators{pods: pods, namespace: d.namespace, inside: d.options.Inside}
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("not ready after %v", readyLimit))
	defer cancel()
	waiting, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	go d.obstacles().watch(waiting, failed, secret.Labels)
	for i := range g.Count {
		if _, err := made.await(waiting, i); err != nil {
			made.Close()
			return nil, fmt.Errorf("generator %d: %w", i, err)
		}
	}
	d.generators = made
	return made, nil
}

// GeneratorPod is the pod of a generator now.
func (d *Deployment) GeneratorPod(index int) (Pod, error) {
	if d.generators == nil {
		return Pod{}, errors.New("there are no generators yet")
	}
	pod, ok := d.generators.pods.find(func(p Pod) bool { return p.Index == index })
	if !ok || pod.Ended {
		return Pod{}, fmt.Errorf("generator %d has no pod that runs", index)
	}
	return pod, nil
}

// Reserve has the generators stand on a machine; empty is any.
func (d *Deployment) Reserve(machine string) { d.options.Reserved = machine }
