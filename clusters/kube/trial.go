package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// A cluster for trials on this machine is known by three things: the address of its
// API server, what kind, k3d or minikube has left on each of its nodes, and the
// kernel of those nodes. A name is none of them: anybody may call a context kind-x,
// and a loopback address may be a tunnel.

// Unnamed is the error of a context that the user has not named on the command line,
// and whose cluster is not known to be one for trials on this machine. Why says what
// is not known.
type Unnamed struct {
	Context string
	Why     error
}

func (e *Unnamed) Error() string {
	return fmt.Sprintf("context %q is not known to be a cluster of kind, k3d or minikube on this machine: %v. Others may live there. If you mean it, name it on the command line: %s", e.Context, e.Why, e.Flag())
}

// Unwrap is Why.
func (e *Unnamed) Unwrap() error { return e.Why }

// Flag names the context, as typed into a shell.
func (e *Unnamed) Flag() string { return "--context " + shellWord(e.Context) }

// shellWord writes a word so that a POSIX shell reads it back.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// place is where an API server is reached.
type place int

const (
	loopback place = iota // of this machine, or one of its addresses
	hostOnly              // a network that this machine keeps to itself, such as that of a virtual machine
)

// whereabouts finds where an API server is, without asking it. An error says why it
// is not on this machine.
func whereabouts(ctx context.Context, config *rest.Config) (place, error) {
	if config.Proxy != nil {
		return 0, errors.New("it is reached through a proxy")
	}
	host := config.Host
	if u, err := url.Parse(config.Host); err == nil && u.Host != "" {
		host = u.Host
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addrs, err := addressesOf(ctx, strings.Trim(host, "[]"))
	if err != nil {
		return 0, err
	}
	own, networks, err := networks()
	if err != nil {
		return 0, err
	}
	where := loopback
	for _, a := range addrs {
		switch {
		case a.IsLoopback() || a.IsUnspecified() || own[a]:
		case contains(networks, a):
			where = hostOnly
		default:
			return 0, fmt.Errorf("its API server is at %s, which is not an address of this machine", a)
		}
	}
	return where, nil
}

func addressesOf(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("the address of its API server %s is not known: %w", host, err)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, nil
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// networks are the addresses of this machine, and the networks of its bridges
// without a device: containers and virtual machines of this machine are on those.
func networks() (own map[netip.Addr]bool, only []netip.Prefix, err error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, nil, fmt.Errorf("listing the network interfaces of this machine: %w", err)
	}
	own = map[netip.Addr]bool{}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			return nil, nil, fmt.Errorf("listing the addresses of %s: %w", i.Name, err)
		}
		for _, a := range addrs {
			p, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue
			}
			own[p.Addr().Unmap()] = true
			if inner(filepath.Join("/sys/class/net", i.Name)) {
				only = append(only, p.Masked())
			}
		}
	}
	return own, only, nil
}

// inner reports whether an interface, by its folder in sysfs, is a bridge that no
// device of this machine is part of.
func inner(sys string) bool {
	if _, err := os.Stat(filepath.Join(sys, "bridge")); err != nil {
		return false
	}
	devices, err := filepath.Glob(filepath.Join(sys, "brif", "*", "device"))
	return err == nil && len(devices) == 0
}

// trial decides by its nodes whether a cluster is one for trials; nil if it is.
func (c *Cluster) trial(ctx context.Context, where place, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	nodes, err := c.Client.CoreV1().Nodes().List(ctx, api.ListOptions{})
	if err != nil {
		return fmt.Errorf("its nodes cannot be listed: %w", err)
	}
	if len(nodes.Items) == 0 {
		return errors.New("it has no nodes")
	}
	kernel, err := bootID()
	if err != nil {
		return err
	}
	foreign := ""
	for _, n := range nodes.Items {
		if madeBy(n) == "" {
			return fmt.Errorf("node %s was not made by any of them", n.Name)
		}
		if kernel != "" && where != hostOnly && n.Status.NodeInfo.BootID != kernel {
			foreign = n.Name
		}
	}
	if foreign == "" {
		return nil
	}
	if o.Vouch != nil {
		ours, err := o.Vouch(ctx, c.Config.Host, authority(c.Config))
		if ours {
			return nil
		}
		if err != nil {
			return fmt.Errorf("node %s runs on the kernel of another machine, and the container engine of this one cannot be asked: %w", foreign, err)
		}
	}
	return fmt.Errorf("node %s runs on the kernel of another machine", foreign)
}

// madeBy is the tool that has made a node: "kind", "k3d", "minikube", or empty.
// Sources: kind's kubeadm configuration (provider-id kind://PROVIDER/CLUSTER/NODE),
// k3s' cloud provider (k3s://NODE) with k3d's names of containers, and the labels
// that minikube puts on nodes.
func madeBy(n api.Node) string {
	switch {
	case strings.HasPrefix(n.Spec.ProviderID, "kind://"):
		return "kind"
	case strings.HasPrefix(n.Name, "k3d-") && n.Spec.ProviderID == "k3s://"+n.Name:
		return "k3d"
	case n.Labels["minikube.k8s.io/name"] != "":
		return "minikube"
	}
	return ""
}

// bootID names the running kernel. A kubelet in a container of this machine gives
// the same one. Empty where containers run in a virtual machine anyway.
func bootID() (string, error) {
	if runtime.GOOS != "linux" {
		return "", nil
	}
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("reading which kernel runs: %w", err)
	}
	return string(bytes.TrimSpace(raw)), nil
}

// authority is the certificate that a configuration trusts.
func authority(config *rest.Config) []byte {
	if len(config.CAData) > 0 || config.CAFile == "" {
		return config.CAData
	}
	raw, err := os.ReadFile(config.CAFile)
	if err != nil {
		return nil
	}
	return raw
}
