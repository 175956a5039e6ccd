package processes

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
)

// domain is that of the names that nodes announce. No name server knows it: the top-level
// domain internal is reserved for private use.
const domain = ".slotstorm.internal"

// hostname is the name that node-N announces.
func hostname(n int) string { return fmt.Sprintf("node-%d%s", n, domain) }

// named has the Dialer of a cluster find the nodes by the names that they announce: node-N is at
// the N-th of the endpoints.
func named(c *deployer.Cluster, endpoints []local.Endpoint) {
	hosts := map[string]string{}
	for n, e := range endpoints {
		hosts[hostname(n)] = e.Host
	}
	c.Hostnames = true
	c.Dialer = c.Dialer.Resolving(func(_ context.Context, host string) (string, error) {
		if ip, ok := hosts[host]; ok {
			return ip, nil
		}
		return "", &net.DNSError{Err: "no node has this name", Name: host, IsNotFound: true}
	})
	c.Announced = func(addr string) (string, bool) {
		host, _, err := net.SplitHostPort(addr)
		_, known := hosts[host]
		return strings.TrimSuffix(host, domain), err == nil && known
	}
}
