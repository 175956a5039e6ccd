package scenarios

// GoRedisOptions are the options of go-redis' ClusterClient, by their own names. 0
// leaves the default of the library; the report shows it, with the library's version.
type GoRedisOptions struct {
	ClientName                 string             `yaml:"clientName,omitempty" json:"clientName,omitempty" jsonschema:"maxLength=100,format=clientName"`
	MaxRedirects               int                `yaml:"maxRedirects,omitempty" json:"maxRedirects,omitempty" jsonschema:"minimum=-1,maximum=100" hint:"minimum=0 leaves go-redis' default, -1 turns redirects off"`
	MaxRetries                 int                `yaml:"maxRetries,omitempty" json:"maxRetries,omitempty" jsonschema:"minimum=-1,maximum=100" hint:"minimum=0 leaves go-redis' default, -1 turns retries off"`
	MinRetryBackoff            Duration           `yaml:"minRetryBackoff,omitempty" json:"minRetryBackoff,omitempty" jsonschema:"minimum=0s"`
	MaxRetryBackoff            Duration           `yaml:"maxRetryBackoff,omitempty" json:"maxRetryBackoff,omitempty" jsonschema:"minimum=0s"`
	DialTimeout                Duration           `yaml:"dialTimeout,omitempty" json:"dialTimeout,omitempty" jsonschema:"minimum=0s"`
	DialerRetries              int                `yaml:"dialerRetries,omitempty" json:"dialerRetries,omitempty" jsonschema:"minimum=0,maximum=100"`
	DialerRetryTimeout         Duration           `yaml:"dialerRetryTimeout,omitempty" json:"dialerRetryTimeout,omitempty" jsonschema:"minimum=0s"`
	ReadTimeout                Duration           `yaml:"readTimeout,omitempty" json:"readTimeout,omitempty" jsonschema:"minimum=0s"`
	WriteTimeout               Duration           `yaml:"writeTimeout,omitempty" json:"writeTimeout,omitempty" jsonschema:"minimum=0s"`
	ContextTimeoutEnabled      bool               `yaml:"contextTimeoutEnabled,omitempty" json:"contextTimeoutEnabled,omitempty"`
	MaxConcurrentDials         int                `yaml:"maxConcurrentDials,omitempty" json:"maxConcurrentDials,omitempty" jsonschema:"minimum=0,maximum=100000"`
	PoolSize                   int                `yaml:"poolSize,omitempty" json:"poolSize,omitempty" jsonschema:"minimum=0,maximum=100000"`
	PoolFIFO                   bool               `yaml:"poolFIFO,omitempty" json:"poolFIFO,omitempty"`
	PoolTimeout                Duration           `yaml:"poolTimeout,omitempty" json:"poolTimeout,omitempty" jsonschema:"minimum=0s"`
	MinIdleConns               int                `yaml:"minIdleConns,omitempty" json:"minIdleConns,omitempty" jsonschema:"minimum=0,maximum=100000"`
	MaxIdleConns               int                `yaml:"maxIdleConns,omitempty" json:"maxIdleConns,omitempty" jsonschema:"minimum=0,maximum=100000"`
	MaxActiveConns             int                `yaml:"maxActiveConns,omitempty" json:"maxActiveConns,omitempty" jsonschema:"minimum=0,maximum=100000"`
	ConnMaxIdleTime            Duration           `yaml:"connMaxIdleTime,omitempty" json:"connMaxIdleTime,omitempty" jsonschema:"minimum=0s"`
	ConnMaxLifetime            Duration           `yaml:"connMaxLifetime,omitempty" json:"connMaxLifetime,omitempty" jsonschema:"minimum=0s"`
	ConnMaxLifetimeJitter      Duration           `yaml:"connMaxLifetimeJitter,omitempty" json:"connMaxLifetimeJitter,omitempty" jsonschema:"minimum=0s"`
	ReadBufferSize             int                `yaml:"readBufferSize,omitempty" json:"readBufferSize,omitempty" jsonschema:"minimum=0,maximum=67108864"`
	WriteBufferSize            int                `yaml:"writeBufferSize,omitempty" json:"writeBufferSize,omitempty" jsonschema:"minimum=0,maximum=67108864"`
	PipelineReadBufferSize     int                `yaml:"pipelineReadBufferSize,omitempty" json:"pipelineReadBufferSize,omitempty" jsonschema:"minimum=0,maximum=67108864"`
	PipelineWriteBufferSize    int                `yaml:"pipelineWriteBufferSize,omitempty" json:"pipelineWriteBufferSize,omitempty" jsonschema:"minimum=0,maximum=67108864"`
	PipelinePoolSize           int                `yaml:"pipelinePoolSize,omitempty" json:"pipelinePoolSize,omitempty" jsonschema:"minimum=0,maximum=100000"`
	ReadOnly                   bool               `yaml:"readOnly,omitempty" json:"readOnly,omitempty"`
	RouteByLatency             bool               `yaml:"routeByLatency,omitempty" json:"routeByLatency,omitempty"`
	RouteByLatencyTolerance    Duration           `yaml:"routeByLatencyTolerance,omitempty" json:"routeByLatencyTolerance,omitempty" jsonschema:"minimum=0s"`
	RouteRandomly              bool               `yaml:"routeRandomly,omitempty" json:"routeRandomly,omitempty"`
	DisableRoutingPolicies     bool               `yaml:"disableRoutingPolicies,omitempty" json:"disableRoutingPolicies,omitempty"`
	DisableIdentity            bool               `yaml:"disableIdentity,omitempty" json:"disableIdentity,omitempty"`
	IdentitySuffix             string             `yaml:"identitySuffix,omitempty" json:"identitySuffix,omitempty" jsonschema:"maxLength=100,format=clientName"`
	UnstableResp3              bool               `yaml:"unstableResp3,omitempty" json:"unstableResp3,omitempty"`
	FailingTimeoutSeconds      int                `yaml:"failingTimeoutSeconds,omitempty" json:"failingTimeoutSeconds,omitempty" jsonschema:"minimum=0,maximum=86400"`
	ClusterStateReloadInterval Duration           `yaml:"clusterStateReloadInterval,omitempty" json:"clusterStateReloadInterval,omitempty" jsonschema:"minimum=0s"`
	MaintNotificationsConfig   MaintNotifications `yaml:"maintNotificationsConfig,omitempty" json:"maintNotificationsConfig,omitzero"`
	Protocol                   int                `yaml:"protocol,omitempty" json:"protocol,omitempty" jsonschema:"enum=2,enum=3"`
}

// MaintNotifications are the options of go-redis' maintenance notifications. Some
// managed Redis services send them; open-source Redis does not.
type MaintNotifications struct {
	// disabled; enabled, which fails if the server has none; or auto, which asks the
	// server.
	Mode string `yaml:"mode,omitempty" json:"mode,omitempty" jsonschema:"enum=disabled,enum=enabled,enum=auto"`
	// The kind of address that the server sends.
	EndpointType string `yaml:"endpointType,omitempty" json:"endpointType,omitempty" jsonschema:"enum=auto,enum=internal-ip,enum=internal-fqdn,enum=external-ip,enum=external-fqdn,enum=none"`
	// Replaces the read and write timeouts during maintenance.
	RelaxedTimeout Duration `yaml:"relaxedTimeout,omitempty" json:"relaxedTimeout,omitempty" jsonschema:"minimum=0s"`
	// The longest time in which a connection moves.
	HandoffTimeout Duration `yaml:"handoffTimeout,omitempty" json:"handoffTimeout,omitempty" jsonschema:"minimum=0s"`
	// The number of connections that move at once.
	MaxWorkers int `yaml:"maxWorkers,omitempty" json:"maxWorkers,omitempty" jsonschema:"minimum=0,maximum=100000"`
	// The number of connections that may wait to move.
	HandoffQueueSize int `yaml:"handoffQueueSize,omitempty" json:"handoffQueueSize,omitempty" jsonschema:"minimum=0,maximum=100000"`
	// How long timeouts stay relaxed after a move.
	PostHandoffRelaxedDuration Duration `yaml:"postHandoffRelaxedDuration,omitempty" json:"postHandoffRelaxedDuration,omitempty" jsonschema:"minimum=0s"`
	// The number of failures after which an endpoint is left alone.
	CircuitBreakerFailureThreshold int `yaml:"circuitBreakerFailureThreshold,omitempty" json:"circuitBreakerFailureThreshold,omitempty" jsonschema:"minimum=0,maximum=100000"`
	// How long an endpoint is left alone.
	CircuitBreakerResetTimeout Duration `yaml:"circuitBreakerResetTimeout,omitempty" json:"circuitBreakerResetTimeout,omitempty" jsonschema:"minimum=0s"`
	// The number of attempts that test an endpoint after that time.
	CircuitBreakerMaxRequests int `yaml:"circuitBreakerMaxRequests,omitempty" json:"circuitBreakerMaxRequests,omitempty" jsonschema:"minimum=0,maximum=100000"`
	// How often a move is tried again.
	MaxHandoffRetries int `yaml:"maxHandoffRetries,omitempty" json:"maxHandoffRetries,omitempty" jsonschema:"minimum=0,maximum=10"`
}
