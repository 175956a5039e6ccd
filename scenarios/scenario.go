// Package scenarios holds the declarative scenario: its types, how a YAML file
// becomes one (strictly, with every error at its place), its defaults, its
// validation and its JSON Schema, and the built-in scenarios.
//
// A scenario travels like this:
//
//	YAML bytes ─▶ yaml.Node ─▶ --set overrides ─▶ decode ─▶ defaults ─▶ validate ─▶ Scenario
//
// Everything after that sees only a Scenario: complete, valid and inert. The
// package knows nothing of Redis connections, Kubernetes or processes.
package scenarios

// Version and Kind are what a scenario file must say in its first two fields.
const (
	Version = "slotstorm/v1"
	Kind    = "Scenario"
)

// Scenario is one rehearsal: which cluster to deploy, which load to drive,
// which faults to inject, and what must hold.
type Scenario struct {
	APIVersion string   `yaml:"apiVersion" json:"apiVersion"`
	Kind       string   `yaml:"kind" json:"kind"`
	Metadata   Metadata `yaml:"metadata" json:"metadata"`
	// Seed decides everything random: arrivals, keys, commands, target choice
	// and fault phase. The same seed gives the same requests.
	Seed       uint64      `yaml:"seed" json:"seed"`
	Cluster    Cluster     `yaml:"cluster" json:"cluster"`
	Redis      Redis       `yaml:"redis" json:"redis"`
	Workload   Workload    `yaml:"workload" json:"workload"`
	Timeline   Timeline    `yaml:"timeline" json:"timeline"`
	Objectives []Objective `yaml:"objectives,omitempty" json:"objectives,omitempty"`
	// Repeat runs the whole scenario this many times, 1 to 1000, each with a
	// bundle of its own and with seeds Seed, Seed+1, ...
	Repeat int `yaml:"repeat" json:"repeat"`
}

// Metadata names a scenario.
type Metadata struct {
	// Name is a DNS label: lower case letters, digits and '-', at most 50.
	Name        string            `yaml:"name" json:"name"`
	Description string            `yaml:"description,omitempty" json:"description,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty" json:"labels,omitempty"`
}

// Cluster says where the Redis nodes run.
type Cluster struct {
	// Provider is "local": real redis-server processes on this machine.
	Provider string       `yaml:"provider" json:"provider"`
	Local    LocalCluster `yaml:"local" json:"local"`
}

// Providers are the places that this version can deploy to.
var Providers = []string{"local"}

// LocalCluster holds the options of the local provider.
type LocalCluster struct {
	// Isolation is "auto" (namespaces when the kernel grants them, else plain
	// loopback), "namespaces" (or fail) or "none" (plain loopback).
	Isolation string `yaml:"isolation" json:"isolation"`
	// RestartDelay is how long the supervisor waits before it starts a node
	// that ended again, on the same volume; as a kubelet would.
	RestartDelay Duration `yaml:"restartDelay" json:"restartDelay"`
}

// Isolations are the values of LocalCluster.Isolation.
var Isolations = []string{"auto", "namespaces", "none"}

// Redis is the cluster under test.
type Redis struct {
	// Binary is the redis-server to run on the local provider: a name on PATH
	// or a path.
	Binary string `yaml:"binary" json:"binary"`
	// Image is the container image on Kubernetes providers; local ignores it.
	Image string `yaml:"image,omitempty" json:"image,omitempty"`
	// Shards is the number of primaries, 3 to 100.
	Shards int `yaml:"shards" json:"shards"`
	// ReplicasPerShard is 0 to 5.
	ReplicasPerShard int `yaml:"replicasPerShard" json:"replicasPerShard"`
	// Config holds redis.conf directives. slotstorm owns those that form the
	// cluster (port, bind, dir, cluster-enabled ...) and refuses them here.
	Config map[string]string `yaml:"config,omitempty" json:"config,omitempty"`
	// Storage sizes the volumes on Kubernetes; local volumes are folders.
	Storage   *Storage   `yaml:"storage,omitempty" json:"storage,omitempty"`
	Resources *Resources `yaml:"resources,omitempty" json:"resources,omitempty"`
	Auth      *Auth      `yaml:"auth,omitempty" json:"auth,omitempty"`
}

// Storage is the volume of a node on Kubernetes.
type Storage struct {
	// Size is a Kubernetes quantity such as 1Gi.
	Size  string `yaml:"size" json:"size"`
	Class string `yaml:"class,omitempty" json:"class,omitempty"`
}

// Resources are the requests and limits of a node on Kubernetes.
type Resources struct {
	// CPU and Memory are Kubernetes quantities such as 500m and 512Mi.
	CPU    string `yaml:"cpu,omitempty" json:"cpu,omitempty"`
	Memory string `yaml:"memory,omitempty" json:"memory,omitempty"`
}

// Auth turns on requirepass and masterauth. The password never appears in a
// log, a report or a process argument.
type Auth struct {
	Enabled bool `yaml:"enabled" json:"enabled"`
	// PasswordEnv names the environment variable that holds the password;
	// empty means a random one for each run.
	PasswordEnv string `yaml:"passwordEnv,omitempty" json:"passwordEnv,omitempty"`
}

// Workload is the load that runs through the whole timeline.
type Workload struct {
	// Generators share one schedule; 1 to 64.
	Generators int    `yaml:"generators" json:"generators"`
	Client     Client `yaml:"client" json:"client"`
	// Rate is requests per second over all generators (open loop), or "max"
	// (closed loop: as fast as MaxInFlight clients get answers).
	Rate Rate `yaml:"rate" json:"rate"`
	// Arrival is "poisson" or "constant"; closed loop has none.
	Arrival string `yaml:"arrival" json:"arrival"`
	// Warmup is load before the timeline starts, in whole seconds; it is
	// recorded and never judged.
	Warmup Duration `yaml:"warmup" json:"warmup"`
	// MaxInFlight bounds requests under way over all generators. In open loop
	// a request that finds no room is counted as overflow; in closed loop it is
	// the number of clients.
	MaxInFlight int       `yaml:"maxInFlight" json:"maxInFlight"`
	Keys        Keys      `yaml:"keys" json:"keys"`
	Values      Values    `yaml:"values" json:"values"`
	Mix         []Command `yaml:"mix" json:"mix"`
	Probe       Probe     `yaml:"probe" json:"probe"`
	// Audit adds writes of unique values whose fate is checked at the end.
	Audit *Audit `yaml:"audit,omitempty" json:"audit,omitempty"`
}

// Arrivals are the values of Workload.Arrival.
var Arrivals = []string{"poisson", "constant"}

// Client chooses the client library under the load.
type Client struct {
	// Type is "go-redis".
	Type    string         `yaml:"type" json:"type"`
	Options GoRedisOptions `yaml:"options,omitempty" json:"options"`
}

// ClientTypes are the values of Client.Type.
var ClientTypes = []string{"go-redis"}

// GoRedisOptions are options of go-redis' ClusterClient under their own names;
// zero leaves the library's default, which the report shows with its version.
type GoRedisOptions struct {
	MaxRedirects               int      `yaml:"maxRedirects,omitempty" json:"maxRedirects,omitempty"`
	MaxRetries                 int      `yaml:"maxRetries,omitempty" json:"maxRetries,omitempty"`
	MinRetryBackoff            Duration `yaml:"minRetryBackoff,omitempty" json:"minRetryBackoff,omitempty"`
	MaxRetryBackoff            Duration `yaml:"maxRetryBackoff,omitempty" json:"maxRetryBackoff,omitempty"`
	DialTimeout                Duration `yaml:"dialTimeout,omitempty" json:"dialTimeout,omitempty"`
	ReadTimeout                Duration `yaml:"readTimeout,omitempty" json:"readTimeout,omitempty"`
	WriteTimeout               Duration `yaml:"writeTimeout,omitempty" json:"writeTimeout,omitempty"`
	PoolSize                   int      `yaml:"poolSize,omitempty" json:"poolSize,omitempty"`
	PoolFIFO                   bool     `yaml:"poolFIFO,omitempty" json:"poolFIFO,omitempty"`
	PoolTimeout                Duration `yaml:"poolTimeout,omitempty" json:"poolTimeout,omitempty"`
	MinIdleConns               int      `yaml:"minIdleConns,omitempty" json:"minIdleConns,omitempty"`
	MaxIdleConns               int      `yaml:"maxIdleConns,omitempty" json:"maxIdleConns,omitempty"`
	MaxActiveConns             int      `yaml:"maxActiveConns,omitempty" json:"maxActiveConns,omitempty"`
	ConnMaxIdleTime            Duration `yaml:"connMaxIdleTime,omitempty" json:"connMaxIdleTime,omitempty"`
	ConnMaxLifetime            Duration `yaml:"connMaxLifetime,omitempty" json:"connMaxLifetime,omitempty"`
	ReadOnly                   bool     `yaml:"readOnly,omitempty" json:"readOnly,omitempty"`
	RouteByLatency             bool     `yaml:"routeByLatency,omitempty" json:"routeByLatency,omitempty"`
	RouteRandomly              bool     `yaml:"routeRandomly,omitempty" json:"routeRandomly,omitempty"`
	ClusterStateReloadInterval Duration `yaml:"clusterStateReloadInterval,omitempty" json:"clusterStateReloadInterval,omitempty"`
	Protocol                   int      `yaml:"protocol,omitempty" json:"protocol,omitempty"`
}

// Keys is the key space: Prefix followed by a number from 0 to Count-1.
type Keys struct {
	Prefix string `yaml:"prefix" json:"prefix"`
	// Count is 1 to 10⁹.
	Count int64 `yaml:"count" json:"count"`
	// Distribution is "uniform" or "zipfian".
	Distribution string `yaml:"distribution" json:"distribution"`
	// Theta is the exponent of zipfian, above 0 and at most 5.
	Theta float64 `yaml:"theta,omitempty" json:"theta,omitempty"`
}

// KeyDistributions are the values of Keys.Distribution.
var KeyDistributions = []string{"uniform", "zipfian"}

// Values shapes what is written.
type Values struct {
	// Size is in bytes, 1 to 512 MiB.
	Size int `yaml:"size" json:"size"`
	// TTL is the expiry that SET gives a key, in whole milliseconds; 0 is none.
	TTL Duration `yaml:"ttl,omitempty" json:"ttl,omitempty"`
}

// Command is one entry of the command mix.
type Command struct {
	// Command is "GET" or "SET".
	Command string `yaml:"command" json:"command"`
	// Weight is relative to the other weights, above 0.
	Weight float64 `yaml:"weight" json:"weight"`
}

// Commands are the values of Command.Command.
var Commands = []string{"GET", "SET"}

// Probe writes to every node of every shard at an interval, and so sees from
// outside any client library when a shard accepts writes.
type Probe struct {
	// Interval is 1ms to 1s.
	Interval Duration `yaml:"interval" json:"interval"`
	// Timeout bounds one probe, 10ms to 10s.
	Timeout Duration `yaml:"timeout" json:"timeout"`
}

// Audit writes keys of its own once each, with unique values, through a client
// that never re-sends, and reads all of them back after healing.
type Audit struct {
	// Rate is audited writes per second over all shards.
	Rate float64 `yaml:"rate" json:"rate"`
}

// Timeline is what happens after the warm-up, in order.
type Timeline struct {
	Phases []Phase `yaml:"phases" json:"phases"`
	Faults []Fault `yaml:"faults,omitempty" json:"faults,omitempty"`
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
	Name string `yaml:"name" json:"name"`
	// Duration is in whole seconds, because histograms are kept by the second.
	Duration Duration `yaml:"duration" json:"duration"`
}

// Fault is one thing to break. Exactly one action (Kill) is set.
type Fault struct {
	Name string `yaml:"name" json:"name"`
	// At is the offset from the timeline's start.
	At   Duration `yaml:"at" json:"at"`
	Kill *Kill    `yaml:"kill,omitempty" json:"kill,omitempty"`
	// Repeat injects the fault again and again.
	Repeat *FaultRepeat `yaml:"repeat,omitempty" json:"repeat,omitempty"`
}

// FaultRepeat repeats a fault.
type FaultRepeat struct {
	// Times is the total number of injections, 1 to 10000.
	Times int `yaml:"times" json:"times"`
	// Every is the distance between the starts of two injections.
	Every Duration `yaml:"every" json:"every"`
	// Jitter adds a seeded random delay, from 0 up to this, to each injection.
	Jitter Duration `yaml:"jitter,omitempty" json:"jitter,omitempty"`
}

// Kill ends a redis-server process; the supervisor restarts it.
type Kill struct {
	Target Target `yaml:"target" json:"target"`
	// Signal is "SIGKILL" or "SIGTERM".
	Signal string `yaml:"signal" json:"signal"`
}

// Signals are the values of Kill.Signal.
var Signals = []string{"SIGKILL", "SIGTERM"}
