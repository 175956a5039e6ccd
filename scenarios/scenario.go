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

import (
	"strconv"
	"time"
)

// Version and Kind are what a scenario file must say in its first two fields.
const (
	Version = "slotstorm/v1"
	Kind    = "Scenario"
)

// Scenario is one rehearsal: which cluster to deploy, which load to drive,
// which faults to inject, and what must hold.
type Scenario struct {
	// APIVersion is "slotstorm/v1".
	APIVersion string `yaml:"apiVersion" json:"apiVersion" jsonschema:"required,enum=slotstorm/v1"`
	// Kind is "Scenario".
	Kind     string   `yaml:"kind" json:"kind" jsonschema:"required,enum=Scenario"`
	Metadata Metadata `yaml:"metadata" json:"metadata" jsonschema:"required"`
	// Seed decides everything random: arrivals, keys, commands, target choice
	// and fault phase. The same seed gives the same requests.
	Seed     uint64   `yaml:"seed" json:"seed"`
	Cluster  Cluster  `yaml:"cluster" json:"cluster"`
	Redis    Redis    `yaml:"redis" json:"redis"`
	Workload Workload `yaml:"workload" json:"workload"`
	Timeline Timeline `yaml:"timeline" json:"timeline" jsonschema:"required"`
	// Objectives are what must hold.
	Objectives []Objective `yaml:"objectives,omitempty" json:"objectives,omitempty"`
	// Matrix runs the scenario once for each combination of values of some fields,
	// and sets the results side by side.
	Matrix []Axis `yaml:"matrix,omitempty" json:"matrix,omitempty" jsonschema:"maxItems=10"`
	// Repeat runs the whole scenario this many times, 1 to 1000, each with a
	// bundle of its own and with seeds Seed, Seed+1, ...
	Repeat int `yaml:"repeat" json:"repeat" jsonschema:"minimum=1,maximum=1000"`
}

// Metadata names a scenario.
type Metadata struct {
	// Name is a DNS label: lower case letters, digits and '-', at most 50.
	Name string `yaml:"name" json:"name" jsonschema:"required,format=label"`
	// Description says in a line or two what the scenario is for.
	Description string `yaml:"description,omitempty" json:"description,omitempty" jsonschema:"maxLength=2000" text:"lines"`
	// Labels are free names and values, kept with the results.
	Labels map[string]string `yaml:"labels,omitempty" json:"labels,omitempty"`
}

// Cluster says where the Redis nodes run.
type Cluster struct {
	// Provider is "local" (real redis-server processes on this machine), "kind"
	// (pods on a kind cluster, made for the run unless it is there) or "kube"
	// (pods on a Kubernetes cluster that is there).
	Provider string       `yaml:"provider" json:"provider" jsonschema:"enum=local,enum=kind,enum=kube"`
	Local    LocalCluster `yaml:"local" json:"local"`
	Kind     KindCluster  `yaml:"kind" json:"kind"`
	Kube     KubeCluster  `yaml:"kube,omitempty" json:"kube,omitzero"`
}

// Providers are the places that this version can deploy to.
var Providers = []string{"local", "kind", "kube"}

// KindCluster holds the options of the kind provider.
type KindCluster struct {
	// Name is the kind cluster to use if it is there. If it is not, the run makes
	// one for itself, named after this with the run's id behind, and deletes it.
	Name string `yaml:"name" json:"name" jsonschema:"format=label"`
	// Nodes is the number of nodes, 1 to 50, of a cluster that is made: a control
	// plane and, above 1, workers.
	Nodes int `yaml:"nodes,omitempty" json:"nodes,omitempty" jsonschema:"minimum=1,maximum=50"`
	// Image is the node image, which fixes the version of Kubernetes; empty is
	// that of the environment variable KIND_NODE_IMAGE, or else kind's own.
	Image string `yaml:"image,omitempty" json:"image,omitempty"`
	// Config is a file with a kind configuration, in place of nodes.
	Config string `yaml:"config,omitempty" json:"config,omitempty"`
}

// KubeCluster holds the options of the kube provider.
type KubeCluster struct {
	// Context is the context of the kubeconfig; empty is the current one, if it
	// is that of a kind, k3d or minikube cluster.
	Context string `yaml:"context,omitempty" json:"context,omitempty"`
	// Namespace is one that was prepared for slotstorm, and stays; empty makes
	// one for the run and deletes it.
	Namespace string `yaml:"namespace,omitempty" json:"namespace,omitempty" jsonschema:"format=namespace"`
	// StorageClass is the class of volumes where redis.storage.class is empty;
	// empty too is the default one of the Kubernetes cluster.
	StorageClass string `yaml:"storageClass,omitempty" json:"storageClass,omitempty"`
	// ImagePullSecret is the name of a secret in the namespace to pull images with.
	ImagePullSecret string `yaml:"imagePullSecret,omitempty" json:"imagePullSecret,omitempty"`
	// GeneratorImage is an image of slotstorm, of the version that runs.
	GeneratorImage string `yaml:"generatorImage,omitempty" json:"generatorImage,omitempty"`
}

// LocalCluster holds the options of the local provider.
type LocalCluster struct {
	// Isolation is "auto" (namespaces when the kernel grants them, else plain
	// loopback), "namespaces" (or fail) or "none" (plain loopback).
	Isolation string `yaml:"isolation" json:"isolation" jsonschema:"enum=auto,enum=namespaces,enum=none"`
	// RestartDelay is how long the supervisor waits before it starts a node
	// that ended again, on the same volume; as a kubelet would.
	RestartDelay Duration `yaml:"restartDelay" json:"restartDelay" jsonschema:"minimum=0s,maximum=1h"`
}

// Redis is the cluster under test.
type Redis struct {
	// Binary is the redis-server to run on the local provider: a name on PATH
	// or a path.
	Binary string `yaml:"binary" json:"binary" jsonschema:"minLength=1"`
	// Image is the container image on Kubernetes; local ignores it. It must hold
	// redis-server, redis-cli and sh, as the official images do.
	Image string `yaml:"image" json:"image" jsonschema:"minLength=1"`
	// Shards is the number of primaries, 3 to 100.
	Shards int `yaml:"shards" json:"shards" jsonschema:"minimum=3,maximum=100" hint:"minimum=a Redis Cluster needs three primaries, so that two can agree that the third has failed"`
	// ReplicasPerShard is 0 to 5.
	ReplicasPerShard int `yaml:"replicasPerShard" json:"replicasPerShard" jsonschema:"minimum=0,maximum=5"`
	// Config holds redis.conf directives. slotstorm owns those that form the
	// cluster (port, bind, dir, cluster-enabled ...) and refuses them here, and those
	// that reach beyond a node's volume (syslog-enabled, enable-module-command ...).
	// dbfilename, appendfilename and appenddirname are names without a path.
	Config map[string]string `yaml:"config,omitempty" json:"config,omitempty"`
	// Storage sizes the volumes on Kubernetes; local volumes are folders.
	Storage   *Storage   `yaml:"storage,omitempty" json:"storage,omitempty"`
	Resources *Resources `yaml:"resources,omitempty" json:"resources,omitempty"`
	Auth      *Auth      `yaml:"auth,omitempty" json:"auth,omitempty"`
	TLS       *TLS       `yaml:"tls,omitempty" json:"tls,omitempty"`
	// HandOver has a primary whose pod is asked to stop hand its role to a
	// replica first (CLUSTER FAILOVER in a preStop hook); local ignores it.
	HandOver bool `yaml:"handOver,omitempty" json:"handOver,omitempty"`
}

// Storage is the volume of a node on Kubernetes.
type Storage struct {
	// Size is a Kubernetes quantity such as 1Gi.
	Size string `yaml:"size" json:"size" jsonschema:"required,format=quantity"`
	// Class is the storage class; empty is the default one of the Kubernetes cluster.
	Class string `yaml:"class,omitempty" json:"class,omitempty"`
}

// Resources are the requests and limits of a node on Kubernetes.
type Resources struct {
	// CPU is a Kubernetes quantity such as 500m.
	CPU string `yaml:"cpu,omitempty" json:"cpu,omitempty" jsonschema:"format=quantity"`
	// Memory is a Kubernetes quantity such as 512Mi.
	Memory string `yaml:"memory,omitempty" json:"memory,omitempty" jsonschema:"format=quantity"`
}

// Auth turns on requirepass and masterauth. The password never appears in a
// file, a log, a report or a process argument. Without auth, nodes on plain
// loopback, which every user of the machine can reach, have a random password.
type Auth struct {
	// Enabled protects every node with one password; false leaves the nodes open
	// on plain loopback, too.
	Enabled bool `yaml:"enabled" json:"enabled" jsonschema:"required"`
	// PasswordEnv names the environment variable that holds the password;
	// empty means a random one for each run.
	PasswordEnv string `yaml:"passwordEnv,omitempty" json:"passwordEnv,omitempty" jsonschema:"format=envName"`
}

// TLS encrypts the client port, replication and the cluster bus, with a
// certificate by an authority that is made for the run.
type TLS struct {
	// Enabled turns it on.
	Enabled bool `yaml:"enabled" json:"enabled" jsonschema:"required"`
	// Mutual has the nodes require a certificate of every client
	// (tls-auth-clients yes). All of slotstorm's connections present one.
	Mutual bool `yaml:"mutual,omitempty" json:"mutual,omitempty"`
}

// Timeline is what happens after the warm-up, in order.
type Timeline struct {
	// Phases follow one another without a gap, and last at most 24h together.
	Phases []Phase `yaml:"phases" json:"phases" jsonschema:"required,minItems=1,maxItems=1000" hint:"minItems=write phases: [{name: steady, duration: 10s}]"`
	// Faults are injected on their own times, whatever the phase.
	Faults []Fault `yaml:"faults,omitempty" json:"faults,omitempty" jsonschema:"maxItems=100"`
	// Upgrade rolls the cluster to another Redis under the load, and back if asked.
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

// Phase is a named stretch of the timeline; objectives can be bound to it.
type Phase struct {
	// Name is a label, unique among the phases.
	Name string `yaml:"name" json:"name" jsonschema:"required,format=label"`
	// Duration is in whole seconds, because histograms are kept by the second.
	Duration Duration `yaml:"duration" json:"duration" jsonschema:"required,exclusiveMinimum=0s,maximum=24h,multipleOf=1s" hint:"multipleOf=the series is kept by the second"`
}

// Axis is a field of the scenario that a matrix varies.
type Axis struct {
	// Field is the path of a field, as --set takes it.
	Field string `yaml:"field" json:"field" jsonschema:"required,minLength=1"`
	// Values are what it takes, one after the other; a text is read as YAML, and
	// "null" leaves the field out.
	Values []AnyValue `yaml:"values" json:"values" jsonschema:"required,minItems=1,maxItems=100" hint:"minItems=write values: [1000, 5000]"`
}

// NodeTimeout is cluster-node-timeout: the one in the scenario, or Redis' own
// default of 15 s.
func (r Redis) NodeTimeout() time.Duration {
	if n, err := strconv.Atoi(r.Config["cluster-node-timeout"]); err == nil {
		return time.Duration(n) * time.Millisecond
	}
	return 15 * time.Second
}

// Release is the Redis that the cluster is deployed with.
func (r Redis) Release() Release { return Release{Binary: r.Binary, Image: r.Image} }
