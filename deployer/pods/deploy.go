// Package pods deploys a Redis Cluster as pods of a Kubernetes cluster:
//
//	New: objects from a scenario ─▶ apply ─▶ pods run, or Trouble says why not
//	─▶ Form ─▶ AwaitWhole; meanwhile pods and their logs are followed
//	Remove: the namespace is released
package pods

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Deploy applies the objects, forms the cluster and waits until it is whole. If
// it fails it says what Kubernetes knows of the reason; what it made goes with
// the namespace, which the caller releases.
func Deploy(ctx context.Context, o Options) (_ *Deployment, err error) {
	d, plan, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if err := CheckClass(ctx, o.Namespace.Cluster, o.Redis, o.StorageClass); err != nil {
		return nil, err
	}
	if err := d.follow(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.unfollow()
		}
	}()
	if err := d.apply(ctx, New(plan)); err != nil {
		return nil, err
	}
	// An obstacle that Kubernetes reports is the answer, not the time-out that would
	// follow.
	forming, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	go d.obstacles().watch(forming, failed, plan.labels())
	err = d.WithoutSyncDelay(forming, d.Nodes, func() error {
		if err := d.Form(forming); err != nil {
			return err
		}
		return d.AwaitWhole(forming)
	})
	if cause := context.Cause(forming); err != nil && cause != nil && ctx.Err() == nil {
		err = cause
	}
	if err != nil {
		return nil, fmt.Errorf("forming the cluster: %w", err)
	}
	return d, nil
}

// prepare makes what the objects are made from, and the cluster as it will be.
func prepare(o Options) (*Deployment, Plan, error) {
	login, err := deployer.Login(o.Redis.Auth)
	if err != nil {
		return nil, Plan{}, err
	}
	d := newDeployment(o)
	certificates, err := d.Secure(login, o.Redis.TLS)
	if err != nil {
		return nil, Plan{}, err
	}
	return d, planOf(o, login, certificates), nil
}

// CheckClass looks for the storage class before anything waits for its volumes:
// that of the scenario, or else otherwise, or else the default one.
func CheckClass(ctx context.Context, in *kube.Cluster, redis scenarios.Redis, otherwise string) error {
	class := otherwise
	if s := redis.Storage; s != nil && s.Class != "" {
		class = s.Class
	}
	list, err := in.Client.StorageV1().StorageClasses().List(ctx, api.ListOptions{})
	if api.IsForbidden(err) {
		return nil // what is missing will show in an event
	}
	if err != nil {
		return fmt.Errorf("listing storage classes: %w", err)
	}
	var known []string
	for _, c := range list.Items {
		if c.Name == class || class == "" && c.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			return nil
		}
		known = append(known, c.Name)
	}
	if static, err := staticVolume(ctx, in, class); static || err != nil {
		return err
	}
	has := "it has none"
	if len(known) > 0 {
		has = "it has " + strings.Join(known, ", ")
	}
	if class == "" {
		return fmt.Errorf("the cluster has no default storage class; name one in redis.storage.class: %s", has)
	}
	return fmt.Errorf("the cluster has no storage class %q; %s", class, has)
}

// staticVolume reports whether a persistent volume that was made by hand waits for a claim
// of a class: such a class needs no object. One who may not look finds out from an event.
func staticVolume(ctx context.Context, in *kube.Cluster, class string) (bool, error) {
	list, err := in.Client.CoreV1().PersistentVolumes().List(ctx, api.ListOptions{})
	if api.IsForbidden(err) {
		return class != "", nil
	}
	if err != nil {
		return false, fmt.Errorf("listing persistent volumes: %w", err)
	}
	return slices.ContainsFunc(list.Items, func(v api.PersistentVolume) bool { return v.Spec.StorageClassName == class }), nil
}

// Remove releases the namespace, with the volumes in it.
func (d *Deployment) Remove(keepVolumes bool) error {
	d.unfollow()
	err := d.uncordonAll()
	if keepVolumes {
		err = errors.Join(err, errors.New("volumes on Kubernetes go with their namespace: to keep a cluster, use 'slotstorm up'"))
	}
	return errors.Join(err, d.namespace.Release())
}

// Keep leaves the cluster to later runs.
func (d *Deployment) Keep(ctx context.Context) error {
	d.unfollow()
	return errors.Join(d.uncordonAll(), d.namespace.Keep(ctx))
}

// apply applies the objects by server-side apply, those that others need first.
func (d *Deployment) apply(ctx context.Context, o *Objects) error {
	if err := d.namespace.Check(ctx); err != nil {
		return err
	}
	return o.apply(ctx, d.namespace.Cluster, d.namespace.Name, api.ApplyOptions{FieldManager: kube.Manager})
}
