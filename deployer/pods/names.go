package pods

import (
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Names of objects and of parts of a pod.
const (
	// Name is that of the ConfigMap, the Secret, the headless Service and the
	// PodDisruptionBudget.
	Name          = "redis"
	clientService = "redis-client"
	// Container is the one that runs redis-server.
	Container = "redis"
	// ShardLabel holds the index of a pod's shard.
	ShardLabel = "slotstorm.dev/shard"

	// defaultContainer is the annotation by which kubectl chooses a container.
	defaultContainer = "kubectl.kubernetes.io/default-container"

	nameLabel = "app.kubernetes.io/name"
	// redisAnnotation holds the scenario's redis section, on the ConfigMap.
	redisAnnotation = "slotstorm.dev/redis"
	configDir       = "/etc/slotstorm/config"
	secretDir       = "/etc/slotstorm/secret"
	dataDir         = "/data"
	port            = 6379
	// user is the one of the official images; any other would do.
	user = 999
)

// NodeName is the name of a node, which is that of its pod: the n-th of a shard.
func NodeName(shard, n int) string { return fmt.Sprintf("shard-%d-%d", shard, n) }

func setName(shard int) string { return fmt.Sprintf("shard-%d", shard) }

const (
	generatorName = "slotstorm-generator"
	generatorPort = 7946
	// generatorUser is any that is not root.
	generatorUser = 65532
)

// GeneratorPort is where generators should listen.
const GeneratorPort = generatorPort

// SecretFile is where a generator finds its secret.
const SecretFile = "/etc/slotstorm/identity/key.pem"

func firstLabel(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}

// busOffset is the distance of the bus port from the client port. Source: Redis
// Cluster specification.
const busOffset = 10000

// handOverLimit bounds the hand-over before a stop.
const handOverLimit = 10 * time.Second

// The files of the Secret that are for clients, not for nodes.
const (
	clientCert = "client.crt"
	clientKey  = "client.key"
)

// Where a node's backup is, and what has the start script take it up.
const (
	backupDir   = dataDir + "/backup"
	restoreMark = backupDir + "/restore"
)

// awayFile on a node's volume keeps the node down: see keepDownLine.
const awayFile = dataDir + "/away"

// snapshotFile is the name of the file that holds a node's data.
func snapshotFile(r scenarios.Redis) string {
	if name := r.Config["dbfilename"]; name != "" {
		return name
	}
	return "dump.rdb"
}

// retryEvery is the distance of two tries where nothing announces a change.
const retryEvery = time.Second

// helperLimit is how long a helper may take to start, with its image pulled.
const helperLimit = 3 * time.Minute

// helperEvery is the distance of two looks at a helper that starts.
const helperEvery = 200 * time.Millisecond
