package pods

import (
	"maps"
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Plan is what objects are made from.
type Plan struct {
	Namespace string
	Redis     scenarios.Redis
	// Labels and Owner are those of every object. Owner may be nil.
	Labels map[string]string
	Owner  *apply.OwnerReferenceApplyConfiguration
	// StorageClass is that of volumes where the scenario names none.
	StorageClass string
	// PullSecret is the name of a secret to pull images with; empty is none.
	PullSecret string
	// AssignsUsers means that the cluster chooses the users of pods.
	AssignsUsers bool
	// Reserved is the machine of the generators, which nodes keep off; empty is any.
	Reserved string
	// Login and Certificates go into the Secret.
	Login        dial.Security
	Certificates *deployer.Certificates
}

func (p *Plan) labels() map[string]string {
	labels := maps.Clone(p.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[nameLabel] = Name
	return labels
}

func (p *Plan) podLabels(shard int) map[string]string {
	labels := p.labels()
	labels[ShardLabel] = strconv.Itoa(shard)
	return labels
}

// selector finds the pods of the cluster, or of one shard.
func (p *Plan) selector(shard *int) *apply.LabelSelectorApplyConfiguration {
	labels := p.labels()
	if shard != nil {
		labels = p.podLabels(*shard)
	}
	return apply.LabelSelector().WithMatchLabels(labels)
}

// grace is how long a pod may take to stop: the hand-over, Redis' own wait for
// its replicas (shutdown-timeout, 10 s by default), and some more to write.
func (p *Plan) grace() time.Duration {
	var shutdown time.Duration
	for i := range p.Redis.Shards * (1 + p.Redis.ReplicasPerShard) {
		own := 10 * time.Second
		if n, err := strconv.Atoi(p.Redis.ConfigOf(i)["shutdown-timeout"]); err == nil {
			own = time.Duration(n) * time.Second
		}
		shutdown = max(shutdown, own)
	}
	return handOverLimit + shutdown + 10*time.Second
}

// machine is an affinity for, or against, the reserved machine.
func (p *Plan) machine(how api.NodeSelectorOperator) *apply.NodeAffinityApplyConfiguration {
	return apply.NodeAffinity().WithRequiredDuringSchedulingIgnoredDuringExecution(apply.NodeSelector().WithNodeSelectorTerms(
		apply.NodeSelectorTerm().WithMatchFields(apply.NodeSelectorRequirement().WithKey("metadata.name").WithOperator(how).WithValues(p.Reserved))))
}

func (p *Plan) tls() bool { return p.Redis.TLS != nil && p.Redis.TLS.Enabled }

func (p *Plan) mutual() bool { return p.tls() && p.Redis.TLS.Mutual }

func (p *Plan) auth() bool { return p.Redis.Auth != nil && p.Redis.Auth.Enabled }
