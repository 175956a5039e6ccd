package starter

import "github.com/slotstorm/slotstorm/scenarios"

// The faults that a first scenario can have.
const (
	Kill     = "kill"
	Pause    = "pause"
	Cut      = "partition"
	Failover = "failover"
	Rolling  = "rolling-restart"
	NoFault  = "none"
)

// General is the answer for the general mix of GET and SET, which is no profile.
const General = "general"

// Choice is one answer to a question, and its meaning.
type Choice struct {
	Name, About string
	// Needs is how many replicas each shard needs for it at least.
	Needs int
}

// Places are the answers to where the nodes run. The first one is the default.
func Places() []Choice {
	return []Choice{
		{Name: "local", About: "processes on this machine"},
		{Name: "kind", About: "pods on a kind cluster, which the run creates (needs Docker)"},
		{Name: "kube", About: "pods on a Kubernetes cluster of your kubeconfig"},
		{Name: scenarios.Attach, About: "a Redis Cluster that runs already"},
	}
}

// Profiles are the answers to which requests are sent. The first one is the default.
func Profiles() []Choice {
	about := map[string]string{
		"session-store": "one string for each session, read as often as written",
		"cache-aside":   "mostly reads, values of very different sizes, short lives",
		"rate-limiter":  "a script that counts for each request",
		"leaderboard":   "sorted sets: add a score, read the top ten and a rank",
		"cart":          "hashes: read all fields, write and delete one",
		"feature-flags": "reads of 20 keys at once, hardly any write",
		"queue":         "lists: push at one end, pop at the other",
	}
	list := []Choice{{Name: General, About: "80 % GET and 20 % SET of 100,000 keys, some of them hot"}}
	for _, name := range scenarios.Profiles() {
		list = append(list, Choice{Name: name, About: about[name]})
	}
	return list
}

// FaultsAt are the faults for a place. The first one is the default.
func FaultsAt(place string) []Choice {
	failover := Choice{Name: Failover, About: "a replica takes over from its primary in good order", Needs: 1}
	none := Choice{Name: NoFault, About: "no fault: how the cluster behaves when it is healthy"}
	if place == scenarios.Attach {
		return []Choice{failover, none}
	}
	return []Choice{
		{Name: Kill, About: "a primary crashes and stays down for 8 s"},
		{Name: Pause, About: "a primary hangs for 8 s, with its connections open"},
		{Name: Cut, About: "the network cuts a primary off for 10 s, with some of the clients"},
		failover,
		{Name: Rolling, About: "every node restarts, one after the other"},
		none,
	}
}

// Faults are those of all places.
func Faults() []Choice { return FaultsAt("local") }
