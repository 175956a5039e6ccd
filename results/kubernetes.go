package results

import "net"

// Kubernetes is what a run on Kubernetes knows of its place.
type Kubernetes struct {
	// Context is that of the kubeconfig, Version the API server's.
	Context      string `json:"context"`
	Version      string `json:"version"`
	Namespace    string `json:"namespace"`
	NamespaceUID string `json:"namespaceUID"`
	// Nodes are the machines; empty where the user may not list them.
	Nodes []Machine `json:"nodes,omitempty"`
	// Pods are all that the run has seen, in order of their appearance: a pod
	// that is made anew is another one, under the same name.
	Pods    []Pod    `json:"pods"`
	Volumes []Volume `json:"volumes"`
	// Compared is the number of objects of a deployment's owner that were compared before and
	// after the load: of a cluster that slotstorm did not deploy. Changed names those that
	// differ, and how.
	Compared int      `json:"compared,omitempty"`
	Changed  []string `json:"changed,omitempty"`
}

// Machine is a node of a Kubernetes cluster.
type Machine struct {
	Name string `json:"name"`
	// Version is the kubelet's; Runtime, OS and Kernel as it reports them.
	Version     string `json:"version"`
	Runtime     string `json:"runtime"`
	OS          string `json:"os"`
	Kernel      string `json:"kernel"`
	CPUs        int64  `json:"cpus"`
	MemoryBytes int64  `json:"memoryBytes"`
}

// Pod is one incarnation of a node's pod.
type Pod struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
	IP   string `json:"ip,omitempty"`
	// Node is the machine that it runs on.
	Node  string `json:"node,omitempty"`
	Image string `json:"image"`
	// ImageID is the digest that ran.
	ImageID string `json:"imageID,omitempty"`
	// CPULimit is the limit of its container's processors, as a Kubernetes quantity; empty if
	// it has none.
	CPULimit string `json:"cpuLimit,omitempty"`
	// Restarts counts the restarts of its container.
	Restarts int `json:"restarts"`
	// OOMKills are those after it had more memory than its limit.
	OOMKills int `json:"oomKills,omitempty"`
	// From is when it was first seen, To when it was gone; 0 if it was not.
	From Duration `json:"fromMs"`
	To   Duration `json:"toMs,omitempty"`
}

// Volume is a volume claim and what it is bound to.
type Volume struct {
	Claim    string `json:"claim"`
	UID      string `json:"uid"`
	Volume   string `json:"volume,omitempty"`
	Class    string `json:"class,omitempty"`
	Capacity string `json:"capacity,omitempty"`
}

// namePods gives audited writes and reads the name of the node that answered them. A pod
// that was made anew has another address than the one that its generator knew: there, the
// address stands in the record.
func (k *Kubernetes) namePods(writes []Write, reads []AuditRead) {
	if k == nil {
		return
	}
	for i := range writes {
		k.rename(&writes[i].Node, writes[i].Done)
	}
	for i := range reads {
		k.rename(&reads[i].Node, reads[i].Done)
	}
}

// rename replaces host:port by the name of the pod that had the address at that time, if
// one had.
func (k *Kubernetes) rename(node *string, at Duration) {
	host, _, err := net.SplitHostPort(*node)
	if err != nil {
		return // a name
	}
	for _, p := range k.Pods {
		if p.IP == host && (p.To == 0 || at <= p.To) {
			*node = p.Name
			return
		}
	}
}
