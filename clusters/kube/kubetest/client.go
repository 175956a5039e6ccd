package kubetest

import (
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Client speaks to the server: of objects by the fake clientset, and over HTTPS
// where raw requests are made.
func (s *Server) Client() kubernetes.Interface { return &client{s.Objects, s.remote} }

type client struct {
	*Clientset
	remote *kubernetes.Clientset
}

// Discovery asks over HTTPS.
func (c *client) Discovery() discovery.DiscoveryInterfaces { return c.remote.Discovery() }

// CoreV1 has a way to make raw requests, which the fake one lacks.
func (c *client) CoreV1() v1.CoreV1Interface {
	return &core{c.Clientset.CoreV1(), c.remote.CoreV1()}
}

type core struct {
	v1.CoreV1Interface
	remote v1.CoreV1Interface
}

// RESTClient asks over HTTPS.
func (c *core) RESTClient() rest.Interface { return c.remote.RESTClient() }

// Pods have logs that are read over HTTPS.
func (c *core) Pods(namespace string) v1.PodInterface {
	return &pods{c.CoreV1Interface.Pods(namespace), c.remote.Pods(namespace)}
}

type pods struct {
	v1.PodInterface
	remote v1.PodInterface
}

// GetLogs asks over HTTPS.
func (p *pods) GetLogs(name string, o *api.PodLogOptions) *rest.Request {
	return p.remote.GetLogs(name, o)
}
