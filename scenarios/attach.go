package scenarios

// Attach is the provider that uses a cluster which slotstorm did not deploy.
const Attach = "attach"

// OwnPrefix begins every key that slotstorm writes to a cluster that it did not deploy.
const OwnPrefix = "slotstorm:"

// AttachedCluster holds the options of the attach provider.
type AttachedCluster struct {
	// Addresses, HOST:PORT, of one or more nodes. The first that answers names the others,
	// which must be reachable from here by the addresses that they announce.
	Seeds []string `yaml:"seeds,omitempty" json:"seeds,omitempty" jsonschema:"maxItems=100"`
	// With redis.tls, the PEM file of the authorities that sign the certificates of the
	// nodes. Default: those that this machine trusts.
	CAFile string `yaml:"caFile,omitempty" json:"caFile,omitempty"`
	// With redis.tls, the PEM files of a certificate and its key, for nodes that require one
	// of their clients.
	CertFile string `yaml:"certFile,omitempty" json:"certFile,omitempty"`
	// The key of certFile.
	KeyFile string `yaml:"keyFile,omitempty" json:"keyFile,omitempty"`
	// With redis.tls, the name in the certificates of the nodes. Default: the host that is
	// dialled.
	ServerName string `yaml:"serverName,omitempty" json:"serverName,omitempty"`
	// Permits a cluster that evicts keys when its memory is full: the load can then push
	// out keys of yours.
	AllowEviction bool `yaml:"allowEviction,omitempty" json:"allowEviction,omitempty"`
}
