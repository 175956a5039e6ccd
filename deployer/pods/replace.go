package pods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

var _ deployer.Place = (*Deployment)(nil)

// Replace has a node's pod made anew with another image, on its own volume. Its
// StatefulSet gets the image, and leaves pods alone (OnDelete): a rolling
// update, partitioned or not, goes by the pods' numbers, and an upgrade by the
// nodes' roles.
func (d *Deployment) Replace(ctx context.Context, name string, r scenarios.Release) error {
	n, ok := d.Node(name)
	if !ok {
		return fmt.Errorf("there is no node %q", name)
	}
	if err := d.setImage(ctx, n.Shard, r.Image); err != nil {
		return err
	}
	pod, err := d.deleteNode(ctx, n)
	if err != nil {
		return err
	}
	return d.awaitReplaced(ctx, n, pod)
}

// deleteNode deletes a node's pod, with its grace period.
func (d *Deployment) deleteNode(ctx context.Context, n deployer.Node) (Pod, error) {
	pod, err := d.pods.await(ctx, n.Name, "a pod of "+n.Name, func(p Pod) bool { return !p.Going })
	if err != nil {
		return Pod{}, err
	}
	return pod, d.DeletePod(ctx, pod, nil)
}

// setImage sets the image of a shard's future pods, and waits until the
// controller of StatefulSets knows.
func (d *Deployment) setImage(ctx context.Context, shard int, image string) error {
	if err := d.namespace.Check(ctx); err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{
		"updateStrategy": map[string]any{"type": api.OnDeleteStatefulSetStrategyType, "rollingUpdate": nil},
		"template":       map[string]any{"spec": map[string]any{"containers": []any{map[string]string{"name": Container, "image": image}}}},
	}})
	if err != nil {
		return err
	}
	sets := d.namespace.Client.AppsV1().StatefulSets(d.namespace.Name)
	set, err := sets.Patch(ctx, setName(shard), types.StrategicMergePatchType, patch, api.PatchOptions{FieldManager: kube.Manager})
	if err != nil {
		return fmt.Errorf("giving StatefulSet %s the image %s: %w", setName(shard), image, err)
	}
	t := time.NewTicker(retryEvery / 10)
	defer t.Stop()
	for set.Status.ObservedGeneration < set.Generation {
		select {
		case <-ctx.Done():
			return fmt.Errorf("StatefulSet %s has not taken notice of image %s: %w", setName(shard), image, context.Cause(ctx))
		case <-t.C:
		}
		if set, err = sets.Get(ctx, setName(shard), api.GetOptions{}); err != nil {
			return fmt.Errorf("looking at StatefulSet %s: %w", setName(shard), err)
		}
	}
	return nil
}

// podNameLabel is what Kubernetes puts on the pods of a StatefulSet.
const podNameLabel = api.StatefulSetPodNameLabel

// awaitReplaced waits until a node answers in another pod than old. An obstacle
// that Kubernetes reports ends it, and so do crashes.
func (d *Deployment) awaitReplaced(ctx context.Context, n deployer.Node, old Pod) error {
	waiting, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	go d.obstacles().watch(waiting, failed, map[string]string{podNameLabel: n.Name})
	_, err := d.pods.await(waiting, n.Name, "the new pod of "+n.Name, func(p Pod) bool { return p.UID != old.UID && p.Running })
	if err == nil {
		err = d.AwaitPing(waiting, n)
	}
	if cause := context.Cause(waiting); err != nil && cause != nil {
		return cause
	}
	return err
}

// Backup has every node save a snapshot, and keep it with its nodes.conf on its own
// volume, beside what it works on.
func (d *Deployment) Backup(ctx context.Context) error {
	return d.everyNode(func(n deployer.Node) error {
		if err := d.Snapshot(ctx, n); err != nil {
			return fmt.Errorf("saving %s: %w", n.Name, err)
		}
		return d.shell(ctx, n, backupLine(d.options.Redis))
	})
}

// backupLine copies a snapshot and nodes.conf.
func backupLine(r scenarios.Redis) string {
	return fmt.Sprintf("mkdir -p %[1]s && cp %[2]s/%[3]s %[2]s/nodes.conf %[1]s/", backupDir, dataDir, shellWord(snapshotFile(r)))
}

// Restore has every node made anew on its backup, which the start script takes up
// where it finds the mark.
func (d *Deployment) Restore(ctx context.Context, r scenarios.Release) error {
	for shard := range d.Shards {
		if err := d.setImage(ctx, shard, r.Image); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	old := map[string]Pod{}
	err := d.everyNode(func(n deployer.Node) error {
		if err := d.shell(ctx, n, "touch "+restoreMark); err != nil {
			return err
		}
		pod, err := d.deleteNode(ctx, n)
		mu.Lock()
		defer mu.Unlock()
		old[n.Name] = pod
		return err
	})
	if err != nil {
		return err
	}
	return d.everyNode(func(n deployer.Node) error { return d.awaitReplaced(ctx, n, old[n.Name]) })
}

// shell runs a line of shell in the container of a node.
func (d *Deployment) shell(ctx context.Context, n deployer.Node, line string) error {
	if err := d.namespace.Check(ctx); err != nil {
		return err
	}
	_, err := d.namespace.Exec(ctx, d.namespace.Name, n.Name, Container, "sh", "-c", line)
	return err
}

// everyNode does something for all nodes at once.
func (d *Deployment) everyNode(do func(deployer.Node) error) error {
	errs := make([]error, len(d.Nodes))
	var wg sync.WaitGroup
	for i, n := range d.Nodes {
		wg.Go(func() { errs[i] = do(n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
