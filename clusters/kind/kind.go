// Package kind is the place where nodes run as pods of a kind cluster: one that
// is there, or one that is made for the run and deleted after it.
//
//	Open: reuse or create ─▶ Load: images into the nodes ─▶ Kubeconfig ─▶ package kube ─▶ Close
package kind

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	"sigs.k8s.io/kind/pkg/log"

	"github.com/slotstorm/slotstorm/internal/bounded"
)

// Options of a kind cluster.
type Options struct {
	// Name of the cluster; the one to look for, or the one to make.
	Name string
	// Nodes is the number of nodes of a cluster that is made; Image the node
	// image, empty for kind's own; Config a kind configuration in place of Nodes.
	Nodes  int
	Image  string
	Config string
	// Kubeconfig is the file that the context of a cluster that is made is
	// written into; empty is the one that kubectl reads.
	Kubeconfig string
	// Mark, if not nil, is put onto the nodes of a cluster that is made.
	Mark *Mark
	// Progress, if not nil, receives what kind does.
	Progress func(message string)
}

// Cluster is a kind cluster that runs.
type Cluster struct {
	Name string

	provider   *cluster.Provider
	kubeconfig string
}

// Names lists the kind clusters of this machine.
func Names(ctx context.Context) ([]string, error) {
	if err := engine(ctx); err != nil {
		return nil, err
	}
	names, err := newProvider(nil).List()
	if err != nil {
		return nil, fmt.Errorf("listing kind clusters: %w", err)
	}
	return names, nil
}

// Serves reports whether a kind cluster of this machine's container engine has this
// API server and certificate authority.
func Serves(ctx context.Context, server string, ca []byte) (bool, error) {
	names, err := Names(ctx)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		c := &Cluster{Name: name, provider: newProvider(nil)}
		text, err := c.Kubeconfig()
		if err != nil {
			return false, err
		}
		config, err := clientcmd.Load(text)
		if err != nil {
			return false, fmt.Errorf("reading the kubeconfig of kind cluster %s: %w", name, err)
		}
		for _, one := range config.Clusters {
			if len(ca) > 0 && one.Server == server && bytes.Equal(bytes.TrimSpace(one.CertificateAuthorityData), bytes.TrimSpace(ca)) {
				return true, nil
			}
		}
	}
	return false, nil
}

func newProvider(progress func(string)) *cluster.Provider {
	return cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(logger{progress}))
}

// Find looks for the cluster of a name.
func Find(ctx context.Context, name string) (*Cluster, bool, error) {
	names, err := Names(ctx)
	if err != nil || !slices.Contains(names, name) {
		return nil, false, err
	}
	return &Cluster{Name: name, provider: newProvider(nil)}, true, nil
}

// readyLimit is how long kind waits for the control plane of a new cluster.
const readyLimit = 3 * time.Minute

// Create makes a cluster. When ctx ends, or if it fails, nothing is left of it.
func Create(ctx context.Context, o Options) (*Cluster, error) {
	if err := engine(ctx); err != nil {
		return nil, err
	}
	c := &Cluster{Name: o.Name, provider: newProvider(o.Progress), kubeconfig: o.Kubeconfig}
	options := []cluster.CreateOption{cluster.CreateWithWaitForReady(readyLimit), cluster.CreateWithKubeconfigPath(o.Kubeconfig)}
	if o.Image != "" {
		options = append(options, cluster.CreateWithNodeImage(o.Image))
	}
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	options = append(options, cluster.CreateWithV1Alpha4Config(config))
	done := make(chan struct{})
	go func() { err = c.provider.Create(o.Name, options...); close(done) }()
	select {
	case <-done:
		if err != nil {
			// kind has taken away what it made.
			return nil, fmt.Errorf("creating kind cluster %s: %w", o.Name, err)
		}
		return c, nil
	case <-ctx.Done():
	}
	// kind knows no context. Without its containers it fails at its next step;
	// what it made between the look and the deletion goes the next time round.
	for {
		err := c.delete()
		select {
		case <-done:
			return nil, errors.Join(context.Cause(ctx), c.delete())
		case <-time.After(time.Second):
		}
		if err != nil {
			return nil, errors.Join(context.Cause(ctx), err)
		}
	}
}

// config is the configuration of a cluster to make.
func (o Options) config() (*v1alpha4.Cluster, error) {
	config := nodesConfig(o.Nodes)
	if o.Config != "" {
		raw, err := bounded.ReadFile(context.Background(), o.Config, bounded.Bound{What: "a kind configuration", Bytes: 1 << 20})
		if err != nil {
			return nil, fmt.Errorf("reading the kind configuration: %w", err)
		}
		config = &v1alpha4.Cluster{}
		d := yaml.NewDecoder(bytes.NewReader(raw))
		d.KnownFields(true)
		if err := d.Decode(config); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Config, err)
		}
		if config.Kind != "Cluster" || config.APIVersion != apiVersion {
			return nil, fmt.Errorf("%s: it is no kind configuration: it has kind %q and apiVersion %q, not Cluster and %s", o.Config, config.Kind, config.APIVersion, apiVersion)
		}
		if len(config.Nodes) == 0 {
			config.Nodes = nodesConfig(1).Nodes
		}
	}
	if o.Mark != nil {
		for i := range config.Nodes {
			config.Nodes[i].ExtraMounts = append(config.Nodes[i].ExtraMounts, o.Mark.mount())
		}
	}
	return config, nil
}

const apiVersion = "kind.x-k8s.io/v1alpha4"

func nodesConfig(n int) *v1alpha4.Cluster {
	config := &v1alpha4.Cluster{TypeMeta: v1alpha4.TypeMeta{Kind: "Cluster", APIVersion: apiVersion}}
	for i := range max(n, 1) {
		role := v1alpha4.WorkerRole
		if i == 0 {
			role = v1alpha4.ControlPlaneRole
		}
		config.Nodes = append(config.Nodes, v1alpha4.Node{Role: role})
	}
	return config
}

// Delete deletes the cluster, and then its mark: that of a cluster which could not be deleted
// shows 'slotstorm clean' that its run has ended. A cluster that is gone is no error.
func (c *Cluster) Delete(m *Mark) error {
	if err := c.delete(); err != nil {
		return err
	}
	return m.Remove()
}

func (c *Cluster) delete() error {
	if err := c.provider.Delete(c.Name, c.kubeconfig); err != nil {
		return fmt.Errorf("deleting kind cluster %s: %w", c.Name, err)
	}
	return nil
}

// Kubeconfig is the text of a kubeconfig with the cluster's context.
func (c *Cluster) Kubeconfig() ([]byte, error) {
	text, err := c.provider.KubeConfig(c.Name, false)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig of kind cluster %s: %w", c.Name, err)
	}
	return []byte(text), nil
}

// LoadDocker copies an image from this machine's Docker engine into those of the nodes
// into that lack it; nil is all of them. An image that the engine does not have is left to
// the nodes to pull.
func (c *Cluster) LoadDocker(ctx context.Context, image string, into []string) error {
	if exec.CommandContext(ctx, "docker", "image", "inspect", image).Run() != nil {
		return nil
	}
	file, err := os.CreateTemp("", "slotstorm-image-")
	if err != nil {
		return err
	}
	defer file.Close()
	// Without a name, nothing of it is left if this process is killed.
	if err := os.Remove(file.Name()); err != nil {
		return err
	}
	saved := sync.OnceValues(func() (size int64, err error) {
		var said bytes.Buffer
		cmd := exec.CommandContext(ctx, "docker", "save", image)
		cmd.Stdout, cmd.Stderr = file, &said
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("docker save: %s", oneLine(said.Bytes(), err))
		}
		return file.Seek(0, io.SeekEnd)
	})
	return c.load(ctx, image, into, func() (io.ReadCloser, error) {
		size, err := saved()
		if err != nil {
			return nil, err
		}
		return io.NopCloser(io.NewSectionReader(file, 0, size)), nil
	})
}

// Load copies an image, given as an archive as docker save writes it, into those of the
// nodes into that lack it; nil is all of them.
func (c *Cluster) Load(ctx context.Context, image string, into []string, archive []byte) error {
	return c.load(ctx, image, into, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil })
}

// load copies into all nodes at once: each unpacks the image by itself.
func (c *Cluster) load(ctx context.Context, image string, into []string, open func() (io.ReadCloser, error)) error {
	list, err := c.provider.ListInternalNodes(c.Name)
	if err != nil {
		return fmt.Errorf("listing the nodes of kind cluster %s: %w", c.Name, err)
	}
	list = slices.DeleteFunc(list, func(n nodes.Node) bool { return into != nil && !slices.Contains(into, n.String()) })
	errs := make([]error, len(list))
	var wg sync.WaitGroup
	for i, n := range list {
		wg.Go(func() {
			if _, err := nodeutils.ImageID(n, image); err == nil || ctx.Err() != nil {
				return
			}
			if err := loadInto(n, open); err != nil {
				errs[i] = fmt.Errorf("loading image %s into %s: %w", image, n, err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

func loadInto(n nodes.Node, open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	return nodeutils.LoadImageArchive(n, r)
}

// logger gives on what kind says it does.
type logger struct{ progress func(string) }

func (l logger) report(message string) {
	if l.progress != nil {
		l.progress(strings.TrimSpace(message))
	}
}

func (l logger) Warn(string) {}

func (l logger) Warnf(string, ...any) {}

func (l logger) Error(message string) { l.report(message) }

func (l logger) Errorf(format string, args ...any) { l.report(fmt.Sprintf(format, args...)) }

func (l logger) V(level log.Level) log.InfoLogger {
	if level > 0 {
		return log.NoopInfoLogger{}
	}
	return info{l}
}

type info struct{ logger }

func (i info) Info(message string) { i.report(message) }

func (i info) Infof(format string, args ...any) { i.report(fmt.Sprintf(format, args...)) }

func (i info) Enabled() bool { return true }

// Mark reads the mark of the cluster; one that slotstorm has not made has none.
func (c *Cluster) Mark(ctx context.Context) (*Mark, error) {
	nodes, err := c.provider.ListNodes(c.Name)
	if err != nil || len(nodes) == 0 {
		return &Mark{}, err
	}
	m, err := markOf(ctx, nodes[0].String())
	if err != nil {
		return nil, fmt.Errorf("looking at the nodes of kind cluster %s: %w", c.Name, err)
	}
	return m, nil
}

// markOf reads the mark of a node.
func markOf(ctx context.Context, node string) (*Mark, error) {
	out, err := docker(ctx, "inspect", "--type", "container", "--format", "{{json .Mounts}}", node)
	if err != nil {
		return nil, err
	}
	var mounts []struct{ Source, Destination string }
	if err := json.Unmarshal([]byte(out), &mounts); err != nil {
		return nil, err
	}
	for _, m := range mounts {
		rest, ours := strings.CutPrefix(m.Destination, markRoot+"/")
		sort, run, both := strings.Cut(rest, "/")
		if ours && both && (sort == "up" || sort == "run") && filepath.Base(m.Source) == run {
			return &Mark{RunID: run, Up: sort == "up", Dir: m.Source}, nil
		}
	}
	return &Mark{}, nil
}
