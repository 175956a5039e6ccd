package scenarios

import "strings"

// preferredEndpoint is the directive that decides by what clients learn where nodes are.
const preferredEndpoint = "cluster-preferred-endpoint-type"

// Hostnames reports whether nodes announce names, and clients learn these instead of addresses.
func (r Redis) Hostnames() bool { return strings.EqualFold(r.Config[preferredEndpoint], "hostname") }

// validateEndpoint wants clients to learn where the other nodes are.
func (d *document) validateEndpoint(c configuration) {
	kind, stated := c.values[preferredEndpoint]
	at := join(c.at, preferredEndpoint)
	switch lower := strings.ToLower(kind); {
	case !stated:
	case c.own:
		d.rejectKey(at, "write it in redis.config", "clients would learn names from some nodes and addresses from others")
	case lower == "unknown-endpoint":
		d.reject(at, nil, "write ip or hostname", "clients would not learn where the other nodes are: they do not share one address")
	case lower != "ip" && lower != "hostname":
		d.reject(at, nil, "", "must be ip or hostname, not %q", clip(kind))
	}
}
