package pods

import (
	"context"
	"fmt"
	"io"
)

// Help has a helper in a pod of this deployment, and waits until it runs.
func (d *Deployment) Help(ctx context.Context, pod Pod, h Helper) error {
	if err := d.namespace.Check(ctx); err != nil {
		return err
	}
	return ensureHelper(ctx, d.namespace, pod, d.options.Helpers.container(h, d.namespace.Run))
}

// Session runs a helper's program in a pod, and is connected to it.
func (d *Deployment) Session(ctx context.Context, pod Pod, h Helper) (io.ReadWriteCloser, error) {
	if err := d.namespace.Check(ctx); err != nil {
		return nil, err
	}
	return d.namespace.Session(d.namespace.Name, pod.Name, h.name(d.namespace.Run), d.options.Helpers.Serve...)
}

// SessionInside runs a helper's program in the container of redis-server itself,
// with a share of what that may use, and is connected to it. pid is a process of
// the helper in the same pod: the program's file is reached through it.
func (d *Deployment) SessionInside(ctx context.Context, pod Pod, pid int) (io.ReadWriteCloser, error) {
	if err := d.namespace.Check(ctx); err != nil {
		return nil, err
	}
	command := append([]string{fmt.Sprintf("/proc/%d/exe", pid)}, d.options.Helpers.Serve[1:]...)
	return d.namespace.Session(d.namespace.Name, pod.Name, Container, command...)
}
