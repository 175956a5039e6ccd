package scenarios

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Directives of redis.conf that name a file, a folder, a socket or a program, or that
// let clients do so. A node writes into its own volume, and nowhere else.
//
// Refused because slotstorm sets them (owned, in validate.go): aclfile,
// cluster-config-file, dir, include, logfile, pidfile, tls-*, unixsocket.
// Refused because they reach beyond the volume: outside, below.
// Bounded to a name without a path: fileNames, below.
// Allowed: loadmodule, by an absolute path. A module runs with the node's rights, as
// redis.binary and redis.image do: who writes a scenario chooses what runs.

// outside are directives that let a node, or a client of it, reach what is not in
// its volume. One with a final - is a prefix.
var outside = map[string]string{
	"enable-module-command":    "it lets any client load any library; write loadmodule: /path/of/module.so",
	"enable-protected-configs": "it lets any client have the node write to any folder",
	"primaryauth":              "for a password, write redis.auth: {enabled: true}",
	"primaryuser":              "for a password, write redis.auth: {enabled: true}",
	"rdma-":                    "slotstorm chooses the addresses of nodes",
	"syslog-":                  "it writes to the log of the machine; each node's log is in the run's folder",
	"unixsocketgroup":          "nodes are reached by TCP",
}

// harmlessly are values of those that change nothing.
var harmlessly = map[string]bool{"no": true}

// fileNames are directives whose value is the name of a file or a folder in the
// node's volume.
var fileNames = []string{"appenddirname", "appendfilename", "dbfilename"}

// fileName is what needs no quoting in any shell and is no path.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$`)

// volumeFiles are those that slotstorm itself has in a volume.
var volumeFiles = []string{"backup", "ca.crt", "log", "nodes.conf", "redis.conf", "slotstorm-filler", "tls.crt", "tls.key"}

func (d *document) validateDirectives(r *Redis) {
	for _, name := range slices.Sorted(maps.Keys(r.Config)) {
		at, value := join("redis.config", name), r.Config[name]
		for refused, hint := range outside {
			if (name == refused || strings.HasSuffix(refused, "-") && strings.HasPrefix(name, refused)) && !harmlessly[value] {
				d.rejectKey(at, hint+"; leave it out", "slotstorm refuses this directive")
			}
		}
		switch {
		case slices.Contains(fileNames, name):
			d.validateFileName(at, value)
		case name == "loadmodule":
			d.validateModule(at, value)
		}
	}
	d.validateDistinct(r)
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
