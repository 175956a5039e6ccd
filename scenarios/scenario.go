// Package scenarios holds the declarative scenario: its types, how a YAML file
// becomes one (strictly, with every error at its place), its defaults, its
// validation and its JSON Schema, and the built-in scenarios.
//
// A scenario travels like this:
//
//	YAML bytes ─▶ yaml.Node ─▶ --set overrides ─▶ decode ─▶ defaults ─▶ validate ─▶ Scenario
//
// What one field may hold alone stands in its struct tag `jsonschema`, which
// both the decoder and the JSON Schema read; a `hint` beside it, keyword=text, is
// shown with an error of that keyword. What fields may hold together stands in validate.go.
//
// Everything after that sees only a Scenario: complete, valid and inert. The
// package knows nothing of Redis connections, Kubernetes or processes.
package scenarios

// Version and Kind are what a scenario file must say in its first two fields.
const (
	Version = "slotstorm/v1"
	Kind    = "Scenario"
)

// Scenario is one rehearsal: the cluster to deploy, the load to drive, the faults to
// inject, and the objectives to meet.
type Scenario struct {
	// Always slotstorm/v1.
	APIVersion string `yaml:"apiVersion" json:"apiVersion" jsonschema:"required,enum=slotstorm/v1"`
	// Always Scenario.
	Kind string `yaml:"kind" json:"kind" jsonschema:"required,enum=Scenario"`
	// The name of the scenario, its description and its labels.
	Metadata Metadata `yaml:"metadata" json:"metadata" jsonschema:"required"`
	// Decides everything random: arrivals, keys, commands, targets and jitter. The
	// same seed gives the same requests.
	Seed uint64 `yaml:"seed" json:"seed"`
	// Where the Redis nodes run.
	Cluster Cluster `yaml:"cluster" json:"cluster"`
	// The cluster under test.
	Redis Redis `yaml:"redis" json:"redis"`
	// The load, from the warm-up to the end of the timeline.
	Workload Workload `yaml:"workload" json:"workload"`
	// Phases, faults and an upgrade, in time.
	Timeline Timeline `yaml:"timeline" json:"timeline" jsonschema:"required"`
	// The bounds that the run must keep to pass.
	Objectives []Objective `yaml:"objectives,omitempty" json:"objectives,omitempty"`
	// Runs the scenario once for each combination of the values of some fields, and
	// compares the results.
	Matrix []Axis `yaml:"matrix,omitempty" json:"matrix,omitempty" jsonschema:"maxItems=10"`
	// Runs the whole scenario this many times, 1 to 1000. Each run has its own
	// bundle; the seeds are seed, seed+1, ...
	Repeat int `yaml:"repeat" json:"repeat" jsonschema:"minimum=1,maximum=1000"`
}

// Metadata names and describes a scenario.
type Metadata struct {
	// Lower case letters, digits and '-', at most 50.
	Name string `yaml:"name" json:"name" jsonschema:"required,format=label"`
	// The purpose of the scenario, in a line or two.
	Description string `yaml:"description,omitempty" json:"description,omitempty" jsonschema:"maxLength=2000" text:"lines"`
	// Names and values of your own, kept with the results.
	Labels map[string]string `yaml:"labels,omitempty" json:"labels,omitempty"`
}

// Cluster is where the Redis nodes run.
type Cluster struct {
	// local: redis-server processes on this machine. kind: pods on a kind cluster,
	// which the run creates unless it exists. kube: pods on an existing Kubernetes
	// cluster. attach: an existing Redis Cluster, which slotstorm did not deploy.
	Provider string `yaml:"provider" json:"provider" jsonschema:"enum=local,enum=kind,enum=kube,enum=attach"`
	// Options of the local provider.
	Local LocalCluster `yaml:"local" json:"local"`
	// Options of the kind provider.
	Kind KindCluster `yaml:"kind" json:"kind"`
	// Options of the kube provider.
	Kube KubeCluster `yaml:"kube,omitempty" json:"kube,omitzero"`
	// Options of the attach provider. The fields of redis that describe the cluster (shards,
	// replicasPerShard, config) are then replaced by those that it has.
	Attach AttachedCluster `yaml:"attach,omitempty" json:"attach,omitzero"`
	// How far the parts of the deployment are from each other. Default: they are close.
	Network *Network `yaml:"network,omitempty" json:"network,omitempty"`
}

// Providers are the places that this version can use.
var Providers = []string{"local", "kind", "kube", Attach}

// KindCluster holds the options of the kind provider.
type KindCluster struct {
	// The kind cluster to use if it exists. Otherwise the run creates one, named
	// after this and the id of the run, and deletes it.
	Name string `yaml:"name" json:"name" jsonschema:"format=label"`
	// The number of nodes, 1 to 50, of a cluster that the run creates: a control
	// plane and, above 1, workers.
	Nodes int `yaml:"nodes,omitempty" json:"nodes,omitempty" jsonschema:"minimum=1,maximum=50"`
	// The node image, which fixes the version of Kubernetes. Default: the environment
	// variable KIND_NODE_IMAGE, or else kind's own.
	Image string `yaml:"image,omitempty" json:"image,omitempty"`
	// A file with a kind configuration. It replaces nodes.
	Config string `yaml:"config,omitempty" json:"config,omitempty"`
}

// KubeCluster holds the options of the kube provider.
type KubeCluster struct {
	// The context in the kubeconfig. Default: the current one, if it is that of a
	// kind, k3d or minikube cluster.
	Context string `yaml:"context,omitempty" json:"context,omitempty"`
	// A namespace that was prepared for slotstorm; the run does not delete it.
	// Default: the run creates a namespace and deletes it.
	Namespace string `yaml:"namespace,omitempty" json:"namespace,omitempty" jsonschema:"format=namespace"`
	// The class of volumes where redis.storage.class is empty. Default: that of the
	// Kubernetes cluster.
	StorageClass string `yaml:"storageClass,omitempty" json:"storageClass,omitempty"`
	// The name of a secret in the namespace, used to pull images.
	ImagePullSecret string `yaml:"imagePullSecret,omitempty" json:"imagePullSecret,omitempty"`
	// A slotstorm image, of the same version as the program that runs. Default with the
	// provider kind: the program itself, which has to be for Linux.
	GeneratorImage string `yaml:"generatorImage,omitempty" json:"generatorImage,omitempty"`
}

// LocalCluster holds the options of the local provider.
type LocalCluster struct {
	// auto: namespaces if the kernel grants them, otherwise plain loopback.
	// namespaces: namespaces, or the run fails. none: plain loopback.
	Isolation string `yaml:"isolation" json:"isolation" jsonschema:"enum=auto,enum=namespaces,enum=none"`
	// The time after which a node that ended starts again on the same volume, as a
	// kubelet would start it. A kill that states away does not use it.
	RestartDelay Duration `yaml:"restartDelay" json:"restartDelay" jsonschema:"minimum=0s,maximum=1h"`
}

// Redis is the cluster under test.
type Redis struct {
	// The redis-server of the local provider: a name on PATH, or a path.
	Binary string `yaml:"binary" json:"binary" jsonschema:"minLength=1"`
	// The container image on Kubernetes. It must contain redis-server, redis-cli and
	// sh, as the official images do. The local provider ignores it.
	Image string `yaml:"image" json:"image" jsonschema:"minLength=1"`
	// The number of primaries, 3 to 100.
	Shards int `yaml:"shards" json:"shards" jsonschema:"minimum=3,maximum=100" hint:"minimum=a Redis Cluster needs three primaries, so that two can agree that the third has failed"`
	// The number of replicas of each primary, 0 to 5.
	ReplicasPerShard int `yaml:"replicasPerShard" json:"replicasPerShard" jsonschema:"minimum=0,maximum=5"`
	// Directives of redis.conf. Refused: those that slotstorm sets to form the
	// cluster (port, bind, dir, cluster-enabled ...), and those that reach beyond a
	// node's volume (syslog-enabled, enable-module-command ...). dbfilename,
	// appendfilename and appenddirname are names without a path.
	Config map[string]string `yaml:"config,omitempty" json:"config,omitempty"`
	// Directives of single nodes, which replace those of config there. Refused beside
	// what config refuses: dbfilename, appendfilename and appenddirname.
	Nodes []NodeConfig `yaml:"nodes,omitempty" json:"nodes,omitempty" jsonschema:"maxItems=600"`
	// New names of commands, such as KEYS: admin-keys; "" disables a command. Refused:
	// commands that slotstorm or the servers themselves send. The mix and the faults use
	// the new names.
	RenameCommands map[string]string `yaml:"renameCommands,omitempty" json:"renameCommands,omitempty"`
	// The size of the volumes on Kubernetes. Local volumes are folders; they have
	// this size if a diskFull fault fills one.
	Storage *Storage `yaml:"storage,omitempty" json:"storage,omitempty"`
	// CPU and memory of a node on Kubernetes.
	Resources *Resources `yaml:"resources,omitempty" json:"resources,omitempty"`
	// Password protection. Default: none.
	Auth *Auth `yaml:"auth,omitempty" json:"auth,omitempty"`
	// Encryption. Default: none.
	TLS *TLS `yaml:"tls,omitempty" json:"tls,omitempty"`
	// Makes a primary whose pod stops hand its role to a replica first, by CLUSTER
	// FAILOVER in a preStop hook. The local provider ignores it.
	HandOver bool `yaml:"handOver,omitempty" json:"handOver,omitempty"`
}

// Storage is the volume of a node.
type Storage struct {
	// Bytes, as a Kubernetes quantity such as 1Gi.
	Size string `yaml:"size" json:"size" jsonschema:"required,format=bytes"`
	// The storage class. Default: that of the Kubernetes cluster.
	Class string `yaml:"class,omitempty" json:"class,omitempty"`
}

// Resources are the requests and limits of a node on Kubernetes.
type Resources struct {
	// Processors, as a Kubernetes quantity such as 2 or 500m.
	CPU string `yaml:"cpu,omitempty" json:"cpu,omitempty" jsonschema:"format=processors"`
	// Bytes, as a Kubernetes quantity such as 512Mi.
	Memory string `yaml:"memory,omitempty" json:"memory,omitempty" jsonschema:"format=bytes"`
}

// Auth protects the nodes with a password (requirepass and masterauth), or with a user of the
// access control list (ACL) and its password. The password
// never appears in a file, a log, a report or a process argument. Without auth, nodes
// on plain loopback, which every user of the machine can reach, have a random
// password.
type Auth struct {
	// true protects every node with one password. false leaves the nodes open, on
	// plain loopback too.
	Enabled bool `yaml:"enabled" json:"enabled" jsonschema:"required"`
	// The environment variable with the password. Default: a random password for each
	// run.
	PasswordEnv string `yaml:"passwordEnv,omitempty" json:"passwordEnv,omitempty" jsonschema:"format=envName"`
	// The user that the password belongs to. It may run every command, and the default
	// user is switched off. Without it, the password is the default user's.
	User string `yaml:"user,omitempty" json:"user,omitempty" jsonschema:"format=aclUser"`
}

// TLS encrypts the client port, replication and the cluster bus. The run makes its
// own certificate authority.
type TLS struct {
	// Turns TLS on.
	Enabled bool `yaml:"enabled" json:"enabled" jsonschema:"required"`
	// Requires a certificate of every client (tls-auth-clients yes). All connections
	// of slotstorm present one.
	Mutual bool `yaml:"mutual,omitempty" json:"mutual,omitempty"`
}

// Timeline is what happens after the warm-up.
type Timeline struct {
	// Stretches of time that follow each other without a gap, 24h at most together.
	Phases []Phase `yaml:"phases" json:"phases" jsonschema:"required,minItems=1,maxItems=1000" hint:"minItems=write phases: [{name: steady, duration: 10s}]"`
	// The faults to inject. Their times are independent of the phases.
	Faults []Fault `yaml:"faults,omitempty" json:"faults,omitempty" jsonschema:"maxItems=100"`
	// Replaces Redis by another version under the load, and returns if a rollback is
	// stated.
	Upgrade *Upgrade `yaml:"upgrade,omitempty" json:"upgrade,omitempty"`
}

// Length is the sum of the phases.
func (t Timeline) Length() Duration {
	var sum Duration
	for _, p := range t.Phases {
		sum += p.Duration
	}
	return sum
}

// Phase is a named stretch of the timeline. Objectives can judge it.
type Phase struct {
	// Lower case letters, digits and '-'; unique among the phases.
	Name string `yaml:"name" json:"name" jsonschema:"required,format=label"`
	// Whole seconds.
	Duration Duration `yaml:"duration" json:"duration" jsonschema:"required,exclusiveMinimum=0s,maximum=24h,multipleOf=1s" hint:"multipleOf=the series is kept by the second"`
}

// Axis is a field that a matrix varies, with its values.
type Axis struct {
	// The path of a field, in the form that --set takes: workload.rate.
	Field string `yaml:"field" json:"field" jsonschema:"required,minLength=1"`
	// The values of the field, one for each run. A text is read as YAML; "null"
	// removes the field.
	Values []AnyValue `yaml:"values" json:"values" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write values: [1000, 5000]"`
}

// Release is the Redis that the cluster is deployed with.
func (r Redis) Release() Release { return Release{Binary: r.Binary, Image: r.Image} }

// attached is true of a scenario on a cluster that slotstorm did not deploy.
func (s *Scenario) attached() bool { return s.Cluster.Provider == Attach }

// BreaksMachines reports whether a fault breaks machines.
func (s *Scenario) BreaksMachines() bool {
	for _, f := range s.Timeline.Faults {
		if f.Machine != nil {
			return true
		}
	}
	return false
}
