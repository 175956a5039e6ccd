package kind

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Machine is a node of a kind cluster that slotstorm made: a container of the engine.
type Machine struct {
	// Name is that of the node and of the container; ID the container's own.
	Name, ID string
}

// The actions that break a machine.
const (
	Pause   = "pause"   // nothing in it gets any time
	Stop    = "stop"    // everything in it ends at once
	Kubelet = "kubelet" // its kubelet ends; everything else goes on
)

// Worker finds a machine that may be broken. The error says why it may not: slotstorm has not
// made the cluster, the node is of another one, or it carries the control plane.
func (c *Cluster) Worker(ctx context.Context, name string) (Machine, error) {
	if err := c.Own(ctx); err != nil {
		return Machine{}, err
	}
	out, err := docker(ctx, "inspect", "--type", "container", "--format", `{{.Id}} {{index .Config.Labels "io.x-k8s.kind.cluster"}} {{index .Config.Labels "io.x-k8s.kind.role"}}`, name)
	if err != nil {
		return Machine{}, fmt.Errorf("looking at machine %s: %w", name, err)
	}
	words := strings.Fields(out)
	switch {
	case len(words) != 3 || words[1] != c.Name:
		return Machine{}, fmt.Errorf("machine %s is no node of kind cluster %s", name, c.Name)
	case words[2] != "worker":
		return Machine{}, fmt.Errorf("machine %s carries the control plane of kind cluster %s: without it nothing could be seen or mended", name, c.Name)
	}
	return Machine{Name: name, ID: words[0]}, nil
}

// OwnMachine is a machine by what a journal says of it, if it is still there. A container that
// is no worker of a cluster that slotstorm made is refused: anybody can write a journal.
func OwnMachine(ctx context.Context, name, id string) (m Machine, there bool, err error) {
	if err := engine(ctx); err != nil {
		return Machine{}, false, err
	}
	out, err := docker(ctx, "ps", "--all", "--no-trunc", "--quiet", "--filter", "label=io.x-k8s.kind.role=worker", "--filter", "id="+id)
	if err != nil || out != id {
		return Machine{}, false, err
	}
	mark, err := markOf(ctx, id)
	if err == nil && mark.RunID == "" {
		err = fmt.Errorf("machine %s: %w", name, ErrNotOwn)
	}
	return Machine{Name: name, ID: id}, err == nil, err
}

// ErrNotOwn says that slotstorm has not made a kind cluster, or a machine of one.
var ErrNotOwn = errors.New("slotstorm has not made it")

// Own is an error unless slotstorm has made the cluster.
func (c *Cluster) Own(ctx context.Context) error {
	mark, err := c.Mark(ctx)
	if err != nil {
		return err
	}
	if mark.RunID == "" {
		return fmt.Errorf("kind cluster %s: %w", c.Name, ErrNotOwn)
	}
	return nil
}

// Break breaks a machine, for limit at most. A process of its own mends it then, or as soon as
// this one ends, however that ends. mend does so at once.
func (m Machine) Break(ctx context.Context, action string, limit time.Duration) (mend func(context.Context) error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program's own file: %w", err)
	}
	keeper := exec.Command(self, "agent", "mend", "--machine", m.ID, "--action", action, "--for", limit.String())
	// A session of its own: a Ctrl-C in the terminal is not for it.
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var said bytes.Buffer
	keeper.Stderr = &said
	leash, err := keeper.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := keeper.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", self, err)
	}
	mend = func(ctx context.Context) error {
		err := m.Mend(ctx, action)
		if err == nil {
			_, _ = io.WriteString(leash, mended) // without it the keeper looks for itself
		}
		leash.Close()
		_ = keeper.Wait() // whether it could has been seen
		return err
	}
	arming, cancel := context.WithTimeout(ctx, armLimit)
	defer cancel()
	defer context.AfterFunc(arming, func() { _ = keeper.Process.Kill() })() // it has ended, or the read below ends
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != armed {
		leash.Close()
		return nil, fmt.Errorf("the process that would mend machine %s did not start: %w: %s", m.Name, keeper.Wait(), strings.TrimSpace(said.String()))
	}
	return mend, m.act(ctx, action)
}

// armed is how a keeper says that it is ready, for which it has armLimit. mended says that
// nothing is left to do.
const (
	armed    = "armed\n"
	armLimit = 20 * time.Second
	mended   = "mended\n"
)

// Keep mends a machine once in is closed, or limit is over: it is the process that Break
// starts. A word on in means that the machine is whole again.
func (m Machine) Keep(ctx context.Context, action string, limit time.Duration, in io.Reader, out io.Writer) error {
	if _, err := io.WriteString(out, armed); err != nil {
		return err
	}
	closed := make(chan bool, 1)
	go func() {
		n, _ := io.Copy(io.Discard, in)
		closed <- n > 0
	}()
	over := time.NewTimer(limit)
	defer over.Stop()
	select {
	case whole := <-closed:
		if whole {
			return nil
		}
	case <-over.C:
	}
	if err := m.Mend(ctx, action); err != nil {
		return err
	}
	// The act of a process that was killed may come into force only now.
	later := time.NewTimer(lateAct)
	defer later.Stop()
	for look := time.NewTicker(mendEvery); ; {
		select {
		case <-later.C:
			look.Stop()
			return nil
		case <-look.C:
			if err := m.Mend(ctx, action); err != nil {
				return err
			}
		}
	}
}

// lateAct is how long after a look at a whole machine an act that was asked for before can still
// come into force.
const lateAct = 10 * time.Second

func (m Machine) act(ctx context.Context, action string) (err error) {
	switch action {
	case Pause:
		_, err = docker(ctx, "pause", m.ID)
	case Stop:
		_, err = docker(ctx, "kill", m.ID)
	case Kubelet:
		_, err = docker(ctx, "exec", m.ID, "systemctl", "stop", "kubelet")
	default:
		err = fmt.Errorf("unknown action %q", action)
	}
	if err != nil {
		return fmt.Errorf("machine %s: %w", m.Name, err)
	}
	return nil
}

// mendEvery is the distance of two tries to mend a machine, and mendLimit bounds them.
const (
	mendEvery = 500 * time.Millisecond
	mendLimit = 2 * time.Minute
)

// Mend undoes an action. A machine that is whole stays as it is.
func (m Machine) Mend(ctx context.Context, action string) error {
	ctx, cancel := context.WithTimeout(ctx, mendLimit)
	defer cancel()
	t := time.NewTicker(mendEvery)
	defer t.Stop()
	for {
		// Another process may have mended it between the look and the act: looked at again.
		how, err := m.Broken(ctx, action)
		if err == nil && how == "" {
			return nil
		}
		if err == nil {
			err = m.undo(ctx, how)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("machine %s cannot be mended: %w", m.Name, errors.Join(err, context.Cause(ctx)))
		case <-t.C:
		}
	}
}

// undo undoes what Broken found.
func (m Machine) undo(ctx context.Context, how string) (err error) {
	switch how {
	case Pause:
		_, err = docker(ctx, "unpause", m.ID)
	case Stop:
		_, err = docker(ctx, "start", m.ID)
	case Kubelet:
		_, err = docker(ctx, "exec", m.ID, "systemctl", "start", "kubelet")
	}
	return err
}

// Broken is in which way a machine is broken that an action may have broken: Pause, Stop,
// Kubelet, or empty if it is whole.
func (m Machine) Broken(ctx context.Context, action string) (string, error) {
	state, err := docker(ctx, "inspect", "--type", "container", "--format", "{{.State.Status}}", m.ID)
	if err != nil {
		return "", fmt.Errorf("looking at machine %s: %w", m.Name, err)
	}
	switch state {
	case "paused":
		return Pause, nil
	case "exited", "created":
		return Stop, nil
	case "running":
	default:
		return "", fmt.Errorf("machine %s is %s", m.Name, state)
	}
	if action != Kubelet {
		return "", nil
	}
	// The exit code is not 0 for a unit that does not run; its state is what counts.
	switch state, err := docker(ctx, "exec", m.ID, "systemctl", "show", "--property=ActiveState", "--value", "kubelet"); {
	case err != nil:
		return "", fmt.Errorf("looking at the kubelet of machine %s: %w", m.Name, err)
	case state != "active" && state != "activating":
		return Kubelet, nil
	}
	return "", nil
}
