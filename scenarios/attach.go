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
	// In place of seeds, the Kubernetes namespace of the pods that are the nodes.
	Namespace string `yaml:"namespace,omitempty" json:"namespace,omitempty" jsonschema:"format=namespace"`
	// With namespace, the label selector of the pods: each of them is a node of one Redis
	// Cluster, and all nodes are among them. 'slotstorm discover' lists candidates.
	Selector string `yaml:"selector,omitempty" json:"selector,omitempty" jsonschema:"maxLength=1000"`
	// With namespace, the container that runs the server. Default: the one that the annotation
	// kubectl.kubernetes.io/default-container names, the only one of the pod, the only one
	// that declares the port, or the only one that declares none.
	Container string `yaml:"container,omitempty" json:"container,omitempty" jsonschema:"format=namespace"`
	// With namespace, the port of the server in its pod, 1 to 65535.
	Port int `yaml:"port,omitempty" json:"port,omitempty" jsonschema:"minimum=1,maximum=65535"`
	// With namespace, the way to the pods. forward: port-forward, by way of the API server.
	// direct: their addresses, where this machine has a route to them. Default: forward, and
	// direct if slotstorm runs in the cluster itself.
	Reach string `yaml:"reach,omitempty" json:"reach,omitempty" jsonschema:"enum=forward,enum=direct"`
	// With namespace, the entry of a Secret that holds the password. It replaces
	// redis.auth.passwordEnv.
	PasswordFrom *SecretEntry `yaml:"passwordFrom,omitempty" json:"passwordFrom,omitempty"`
	// With passwordFrom, the entry that holds the name of the user. Default: the default user.
	UsernameFrom *SecretEntry `yaml:"usernameFrom,omitempty" json:"usernameFrom,omitempty"`
	// With redis.tls, the PEM file of the authorities that sign the certificates of the
	// nodes. Default: those that this machine trusts.
	CAFile string `yaml:"caFile,omitempty" json:"caFile,omitempty"`
	// With redis.tls, the PEM files of a certificate and its key, for nodes that require one
	// of their clients.
	CertFile string `yaml:"certFile,omitempty" json:"certFile,omitempty"`
	// The key of certFile.
	KeyFile string `yaml:"keyFile,omitempty" json:"keyFile,omitempty"`
	// With namespace, the entry of a Secret in place of caFile.
	CAFrom *SecretEntry `yaml:"caFrom,omitempty" json:"caFrom,omitempty"`
	// With namespace, the entry of a Secret in place of certFile.
	CertFrom *SecretEntry `yaml:"certFrom,omitempty" json:"certFrom,omitempty"`
	// With namespace, the entry of a Secret in place of keyFile.
	KeyFrom *SecretEntry `yaml:"keyFrom,omitempty" json:"keyFrom,omitempty"`
	// With redis.tls, the name in the certificates of the nodes. Default: the host that is
	// dialled.
	ServerName string `yaml:"serverName,omitempty" json:"serverName,omitempty"`
	// Permits a cluster that evicts keys when its memory is full: the load can then push
	// out keys of yours.
	AllowEviction bool `yaml:"allowEviction,omitempty" json:"allowEviction,omitempty"`
	// Permits a fault to take the last node of a shard that is in sync, or a primary that can
	// come back without its data: what was written to the shard can be lost for good.
	AllowLastCopy bool `yaml:"allowLastCopy,omitempty" json:"allowLastCopy,omitempty"`
}

// SecretEntry is one entry of a Secret in the namespace of the pods.
type SecretEntry struct {
	// The name of the Secret.
	Secret string `yaml:"secret" json:"secret" jsonschema:"required,minLength=1,maxLength=253"`
	// The key of the entry in it.
	Key string `yaml:"key" json:"key" jsonschema:"required,minLength=1,maxLength=253"`
}

// Pods is true of nodes that are pods, found by namespace and selector.
func (a AttachedCluster) Pods() bool { return a.Namespace != "" }

// Secrets are the entries that the cluster needs, with the fields that name them.
func (a AttachedCluster) Secrets() []NamedEntry {
	var list []NamedEntry
	for _, e := range []NamedEntry{
		{"passwordFrom", a.PasswordFrom}, {"usernameFrom", a.UsernameFrom}, {"caFrom", a.CAFrom}, {"certFrom", a.CertFrom}, {"keyFrom", a.KeyFrom},
	} {
		if e.Entry != nil {
			list = append(list, e)
		}
	}
	return list
}

// NamedEntry is an entry of a Secret, and the field of cluster.attach that names it.
type NamedEntry struct {
	Field string
	Entry *SecretEntry
}
