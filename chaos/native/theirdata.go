package native

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
)

// takeoverLimit is how long a shard may take to get another primary: twice the node timeout
// until a majority has marked the node FAIL, and then the election. Source: Redis Cluster
// specification (500 ms, a random 500 ms, and 1 s for each replica with more data).
func takeoverLimit(nodeTimeout time.Duration, config map[string]map[string]string) time.Duration {
	for _, of := range config {
		if ms, err := strconv.Atoi(of["cluster-node-timeout"]); err == nil {
			nodeTimeout = max(nodeTimeout, time.Duration(ms)*time.Millisecond)
		}
	}
	return 2*nodeTimeout + 2*time.Second
}

// forgets says why a pod that is made again would come up as the node that it was, without
// the data of now; empty if it would not. A node that loses its nodes.conf as well is another
// one, and its shard fails over.
func forgets(config map[string]string, pod pods.Pod, signal string) string {
	dir, identity := config["dir"], config["cluster-config-file"]
	if dir == "" || identity == "" {
		for _, kept := range pod.Mounts {
			if kept {
				return "CONFIG GET does not say whether it keeps its data"
			}
		}
		return ""
	}
	if !path.IsAbs(identity) {
		identity = path.Join(dir, identity)
	}
	save := config["save"]
	switch {
	case !pod.Outlives(identity):
		return ""
	case !pod.Outlives(dir):
		return dir + " is not on a volume that outlives the pod"
	case config["appendonly"] == "yes":
		return ""
	case save == "":
		return "appendonly no, save is empty"
	case signal == "SIGTERM" && !strings.Contains(config["shutdown-on-sigterm"], "nosave"):
		return "" // it saves before it ends
	}
	return fmt.Sprintf("appendonly no, and save %q keeps only what its last snapshot holds", save)
}

// electable reports whether a replica of a shard can become its primary while the nodes that
// are hit are down: one in sync that may fail over, and a majority of primaries that vote.
func electable(roles []deployer.Role, hit []string, shard int, config map[string]map[string]string) bool {
	primaries, voters, heir := 0, 0, false
	for _, r := range roles {
		up := !slices.Contains(hit, r.Node.Name)
		if r.Primary && len(r.Slots) > 0 {
			primaries++
			if up {
				voters++
			}
		}
		if !r.Primary && up && r.LinkUp && r.Node.Shard == shard && config[r.Node.Name]["cluster-replica-no-failover"] != "yes" {
			heir = true
		}
	}
	return heir && voters > primaries/2
}
