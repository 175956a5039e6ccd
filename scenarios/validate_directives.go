package scenarios

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slotstorm/slotstorm/internal/spelling"
)

// Directives of redis.conf that name a file, a folder, a socket or a program, or that
// let clients do so. A node writes into its own volume, and nowhere else.
//
// Refused: owned, in validate.go, and refused, below.
// Bounded to a name without a path: fileNames, below.
// Allowed: loadmodule, by an absolute path. A module runs with the node's rights, as
// redis.binary and redis.image do: who writes a scenario chooses what runs.

const (
	passwordHint = "for a password, write redis.auth: {enabled: true}"
	addressHint  = "slotstorm chooses the addresses of nodes, and their host names with cluster-preferred-endpoint-type: hostname; leave it out"
	replicaHint  = "the number of replicas is redis.replicasPerShard"
	processHint  = "slotstorm itself starts and ends the nodes; leave it out"
	socketHint   = "nodes are reached by TCP; leave it out"
)

// refused are directives that would keep slotstorm from the nodes, that have a field of
// their own, or that let a node, or a client of it, reach what is not in its volume, with
// the reason. One with a final - is a prefix.
var refused = map[string]string{
	"aclfile":                  passwordHint,
	"bind":                     addressHint,
	"bind-source-addr":         addressHint,
	"cluster-announce-":        addressHint,
	"cluster-port":             addressHint,
	"enable-module-command":    "it lets any client load any library; write loadmodule: /path/of/module.so",
	"enable-protected-configs": "it lets any client have the node write to any folder; leave it out",
	"include":                  "write the directives of that file here",
	"masterauth":               passwordHint,
	"masteruser":               passwordHint,
	"pidfile":                  processHint,
	"primaryauth":              passwordHint,
	"primaryuser":              passwordHint,
	"rdma-":                    addressHint,
	"rename-command":           "write redis.renameCommands: {FLUSHALL: \"\"}",
	"replica-announce-":        addressHint,
	"replicaof":                replicaHint,
	"requirepass":              passwordHint,
	"slave-announce-":          addressHint,
	"slaveof":                  replicaHint,
	"supervised":               processHint,
	"syslog-":                  "it writes to the log of the machine; each node's log is in the run's folder; leave it out",
	"tls-":                     "for TLS, write redis.tls: {enabled: true}",
	"tls-auth-clients":         "to require certificates of clients, write redis.tls: {enabled: true, mutual: true}",
	"unixsocket":               socketHint,
	"unixsocketgroup":          socketHint,
	"unixsocketperm":           socketHint,
	"user":                     passwordHint,
}

// refusal is why a directive is refused; empty if it is not.
func refusal(name string) string {
	if hint, ok := refused[name]; ok {
		return hint
	}
	for prefix, hint := range refused {
		if strings.HasSuffix(prefix, "-") && strings.HasPrefix(name, prefix) {
			return hint
		}
	}
	return ""
}

// harmless are refused directives that change nothing with the value no.
var harmless = map[string]bool{"enable-module-command": true, "enable-protected-configs": true, "syslog-enabled": true}

// fileNames are directives whose value is the name of a file or a folder in the
// node's volume.
var fileNames = []string{"appenddirname", "appendfilename", "dbfilename"}

// fileName is what needs no quoting in any shell and is no path.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$`)

// volumeFiles are those that slotstorm itself has in a volume.
var volumeFiles = []string{"backup", "ca.crt", "log", "nodes.conf", "redis.conf", "slotstorm-filler", "tls.crt", "tls.key"}

func (d *document) validateDirectives(r *Redis, c configuration) {
	for _, name := range slices.Sorted(maps.Keys(c.values)) {
		at, value := join(c.at, name), c.values[name]
		d.validateSpelling(at, name)
		d.validateValue(at, name, value)
		if hint := refusal(name); hint != "" && !(harmless[name] && value == "no") {
			d.rejectKey(at, hint, "slotstorm refuses this directive")
		}
		switch {
		case slices.Contains(fileNames, name) && c.own:
			d.rejectKey(at, "write it in redis.config", "the files of all nodes have the same names")
		case slices.Contains(fileNames, name):
			d.validateFileName(at, value)
		case name == "loadmodule":
			d.validateModule(at, value)
		}
	}
	d.validateEndpoint(c)
	d.validateClients(r, c)
}

//go:embed directives.txt
var directivesFile string

// known are the directives that a server of the supported versions knows.
func known() []string {
	return listed(directivesFile)
}

// validateSpelling refuses a directive that no server knows and that is nearly another
// one. Other unknown ones may be of a newer server, or of a module.
func (d *document) validateSpelling(at, name string) {
	names := known()
	if slices.Contains(names, name) || aliases[name] != "" || strings.Contains(name, ".") || len(name) > 64 {
		return
	}
	best, nearest := "", slips+1
	for _, n := range names {
		if distance := spelling.Distance(name, n); distance < nearest && len(n) > 2*slips {
			best, nearest = n, distance
		}
	}
	if best != "" {
		d.rejectKey(at, "did you mean "+best+"?", "no server has this directive")
	}
}

// ownConnections is how many connections to a node slotstorm needs beside those of the load.
const ownConnections = 16

// validateClients wants clients to be let in.
func (d *document) validateClients(r *Redis, c configuration) {
	const clients = "maxclients"
	if d.failed("redis.shards", "redis.replicasPerShard") {
		return
	}
	links := 2 * (r.Shards*(1+r.ReplicasPerShard) - 1)
	if n, err := strconv.Atoi(c.values[clients]); err == nil && n < links+ownConnections {
		d.reject(join(c.at, clients), []string{"redis.shards", "redis.replicasPerShard"}, fmt.Sprintf("write at least %d, and more for the load", links+ownConnections),
			"%d is too few: the links between the nodes count too and need %d, and slotstorm needs up to %d", n, links, ownConnections)
	}
}

func (d *document) validateFileName(at, value string) {
	switch {
	case !fileName.MatchString(value):
		d.reject(at, nil, "write up to 100 letters, digits, '-', '_' and '.', without a path, as in dump.rdb", "%q is not the name of a file in the node's volume", clip(value))
	case slices.Contains(volumeFiles, value) || strings.HasPrefix(value, "temp-"):
		d.reject(at, nil, "choose another name", "%q is the name of another file in the node's volume", value)
	}
}

// validateDistinct refuses one name for two things.
func (d *document) validateDistinct(r *Redis) {
	names := map[string]string{"appenddirname": "appendonlydir", "appendfilename": "appendonly.aof", "dbfilename": "dump.rdb"}
	maps.Copy(names, r.Config)
	for i, one := range fileNames {
		for _, other := range fileNames[i+1:] {
			if names[one] != names[other] {
				continue
			}
			at, with := one, other
			if _, stated := r.Config[one]; !stated {
				at, with = other, one
			}
			d.reject(join("redis.config", at), []string{join("redis.config", with)}, "choose another name", "%q is the name of %s, too", names[one], with)
		}
	}
}

// validateModule wants the path of a library, and arguments that need no quoting.
func (d *document) validateModule(at, value string) {
	words := strings.Fields(value)
	if len(words) == 0 || !path.IsAbs(words[0]) {
		d.reject(at, nil, "write its path where the node runs, as in loadmodule: /opt/modules/bloom.so", "%q is not the path of a module", clip(value))
		return
	}
	if strings.ContainsAny(value, "\"'\\") {
		d.reject(at, nil, "write arguments without quotes and backslashes", "%q holds quotes or backslashes", clip(value))
	}
}

// imageName is a reference of an image: it never looks like a flag.
var imageName = regexp.MustCompile(`^[A-Za-z0-9[][]A-Za-z0-9._/:@+[-]*$`)

// CheckImage says what is wrong with the name of an image that is not from a
// scenario.
func CheckImage(name string) error {
	if !imageName.MatchString(name) {
		return fmt.Errorf("%q is not the name of an image", clip(name))
	}
	return nil
}

// validateImages wants every image to be a reference: it stands in the arguments of
// programs.
func (d *document) validateImages(s *Scenario) {
	images := map[string]string{
		"cluster.kind.image": s.Cluster.Kind.Image, "cluster.kube.generatorImage": s.Cluster.Kube.GeneratorImage, "redis.image": s.Redis.Image,
	}
	if u := s.Timeline.Upgrade; u != nil {
		images["timeline.upgrade.to.image"] = u.To.Image
	}
	for _, at := range slices.Sorted(maps.Keys(images)) {
		if image := images[at]; image != "" && CheckImage(image) != nil {
			d.reject(at, nil, "write a reference, such as redis:7.4.1 or registry.example.com/redis:7.4.1", "%s", CheckImage(image))
		}
	}
}
