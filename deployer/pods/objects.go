package pods

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	apps "k8s.io/client-go/applyconfigurations/apps/v1"
	core "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	policy "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/slotstorm/slotstorm/deployer"
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

// Objects are what a cluster consists of on Kubernetes.
type Objects struct {
	Config   *core.ConfigMapApplyConfiguration
	Secret   *core.SecretApplyConfiguration
	Services []*core.ServiceApplyConfiguration
	Budget   *policy.PodDisruptionBudgetApplyConfiguration
	// Sets are the shards, in order.
	Sets []*apps.StatefulSetApplyConfiguration
}

// Plan is what objects are made from.
type Plan struct {
	Namespace string
	Redis     scenarios.Redis
	// Labels and Owner are those of every object. Owner may be nil.
	Labels map[string]string
	Owner  *metaapply.OwnerReferenceApplyConfiguration
	// StorageClass is that of volumes where the scenario names none.
	StorageClass string
	// PullSecret is the name of a secret to pull images with; empty is none.
	PullSecret string
	// Password and Certificates go into the Secret.
	Password     string
	Certificates *deployer.Certificates
}

// NodeName is the name of a node, which is that of its pod: the n-th of a shard.
func NodeName(shard, n int) string { return fmt.Sprintf("shard-%d-%d", shard, n) }

func setName(shard int) string { return fmt.Sprintf("shard-%d", shard) }

// New makes the objects of a cluster: one StatefulSet for each shard, so that the
// nodes of a shard can be kept apart.
func New(p Plan) *Objects {
	o := &Objects{
		Config: core.ConfigMap(Name, p.Namespace).WithLabels(p.labels()).WithData(map[string]string{
			"redis.conf": p.config(), "start.sh": p.script(startScript), "ready.sh": p.script(readyScript),
			"alive.sh": p.script(aliveScript), "stop.sh": p.script(stopScript),
		}).WithAnnotations(map[string]string{redisAnnotation: described(p.Redis)}),
		Secret: core.Secret(Name, p.Namespace).WithLabels(p.labels()).WithType(corev1.SecretTypeOpaque).WithData(p.secrets()),
		Services: []*core.ServiceApplyConfiguration{
			// Pods find each other before they are ready: a cluster that is not
			// formed yet, or that is forming anew, is not.
			core.Service(Name, p.Namespace).WithLabels(p.labels()).WithSpec(p.service().WithClusterIP(corev1.ClusterIPNone).WithPublishNotReadyAddresses(true)),
			core.Service(clientService, p.Namespace).WithLabels(p.labels()).WithSpec(p.service()),
		},
		Budget: policy.PodDisruptionBudget(Name, p.Namespace).WithLabels(p.labels()).WithSpec(
			policy.PodDisruptionBudgetSpec().WithMaxUnavailable(intstr.FromInt32(1)).WithSelector(p.selector(nil))),
	}
	for shard := range p.Redis.Shards {
		o.Sets = append(o.Sets, p.set(shard))
	}
	if p.Owner != nil {
		o.Config.WithOwnerReferences(p.Owner)
		o.Secret.WithOwnerReferences(p.Owner)
		o.Budget.WithOwnerReferences(p.Owner)
		for _, s := range o.Services {
			s.WithOwnerReferences(p.Owner)
		}
		for _, s := range o.Sets {
			s.WithOwnerReferences(p.Owner)
		}
	}
	return o
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
func (p *Plan) selector(shard *int) *metaapply.LabelSelectorApplyConfiguration {
	labels := p.labels()
	if shard != nil {
		labels = p.podLabels(*shard)
	}
	return metaapply.LabelSelector().WithMatchLabels(labels)
}

func (p *Plan) service() *core.ServiceSpecApplyConfiguration {
	return core.ServiceSpec().WithSelector(p.labels()).WithPorts(core.ServicePort().WithName("redis").WithPort(port).WithTargetPort(intstr.FromInt32(port)))
}

func (p *Plan) set(shard int) *apps.StatefulSetApplyConfiguration {
	size, class := resource.MustParse("1Gi"), p.StorageClass
	if s := p.Redis.Storage; s != nil {
		size = resource.MustParse(s.Size)
		if s.Class != "" {
			class = s.Class
		}
	}
	claim := core.PersistentVolumeClaim("data", "").WithLabels(p.labels()).WithSpec(core.PersistentVolumeClaimSpec().
		WithAccessModes(corev1.ReadWriteOnce).
		WithResources(core.VolumeResourceRequirements().WithRequests(corev1.ResourceList{corev1.ResourceStorage: size})))
	// The API wants a claim of a template to have no namespace of its own.
	claim.Namespace = nil
	if class != "" {
		claim.Spec.WithStorageClassName(class)
	}
	return apps.StatefulSet(setName(shard), p.Namespace).WithLabels(p.podLabels(shard)).WithSpec(apps.StatefulSetSpec().
		WithServiceName(Name).
		WithReplicas(int32(1 + p.Redis.ReplicasPerShard)).
		WithPodManagementPolicy(v1.ParallelPodManagement).
		WithSelector(p.selector(&shard)).
		WithPersistentVolumeClaimRetentionPolicy(apps.StatefulSetPersistentVolumeClaimRetentionPolicy().
			WithWhenDeleted(v1.DeletePersistentVolumeClaimRetentionPolicyType).WithWhenScaled(v1.RetainPersistentVolumeClaimRetentionPolicyType)).
		WithVolumeClaimTemplates(claim).
		WithTemplate(core.PodTemplateSpec().WithLabels(p.podLabels(shard)).WithSpec(p.pod(shard))))
}

func (p *Plan) pod(shard int) *core.PodSpecApplyConfiguration {
	spec := core.PodSpec().
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		// A signal to redis-server, from a container of the pod, needs it.
		WithShareProcessNamespace(true).
		WithTerminationGracePeriodSeconds(int64(p.grace()/time.Second)).
		WithSecurityContext(core.PodSecurityContext().WithRunAsNonRoot(true).WithRunAsUser(user).WithRunAsGroup(user).WithFSGroup(user).
			WithSeccompProfile(core.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithAffinity(core.Affinity().WithPodAntiAffinity(core.PodAntiAffinity().WithPreferredDuringSchedulingIgnoredDuringExecution(
			core.WeightedPodAffinityTerm().WithWeight(100).WithPodAffinityTerm(core.PodAffinityTerm().WithTopologyKey(corev1.LabelHostname).WithLabelSelector(p.selector(&shard)))))).
		WithTopologySpreadConstraints(core.TopologySpreadConstraint().WithMaxSkew(1).WithTopologyKey(corev1.LabelHostname).
			WithWhenUnsatisfiable(corev1.ScheduleAnyway).WithLabelSelector(p.selector(nil))).
		WithContainers(p.container()).
		WithVolumes(
			core.Volume().WithName("config").WithConfigMap(core.ConfigMapVolumeSource().WithName(Name)),
			p.secretVolume(),
			core.Volume().WithName("tmp").WithEmptyDir(core.EmptyDirVolumeSource()),
		)
	if p.PullSecret != "" {
		spec.WithImagePullSecrets(core.LocalObjectReference().WithName(p.PullSecret))
	}
	return spec
}

func (p *Plan) container() *core.ContainerApplyConfiguration {
	probe := func(script string, every, timeout, failures int32) *core.ProbeApplyConfiguration {
		return core.Probe().WithExec(core.ExecAction().WithCommand("sh", configDir+"/"+script)).
			WithPeriodSeconds(every).WithTimeoutSeconds(timeout).WithFailureThreshold(failures)
	}
	c := core.Container().WithName(Container).WithImage(p.Redis.Image).WithImagePullPolicy(corev1.PullIfNotPresent).
		WithCommand("sh", configDir+"/start.sh").
		WithEnv(
			core.EnvVar().WithName("POD_NAME").WithValueFrom(core.EnvVarSource().WithFieldRef(core.ObjectFieldSelector().WithFieldPath("metadata.name"))),
			core.EnvVar().WithName("POD_IP").WithValueFrom(core.EnvVarSource().WithFieldRef(core.ObjectFieldSelector().WithFieldPath("status.podIP"))),
			core.EnvVar().WithName("TZ").WithValue("UTC"),
		).
		WithPorts(core.ContainerPort().WithName("redis").WithContainerPort(port), core.ContainerPort().WithName("bus").WithContainerPort(port+busOffset)).
		// Often only until it has started: each look is a process in the
		// container, and six of them are felt on a small machine.
		WithStartupProbe(probe("alive.sh", 2, 10, 30)).
		WithReadinessProbe(probe("ready.sh", 10, 5, 1)).
		WithLivenessProbe(probe("alive.sh", 20, 10, 4)).
		WithSecurityContext(core.SecurityContext().WithAllowPrivilegeEscalation(false).WithReadOnlyRootFilesystem(true).
			WithCapabilities(core.Capabilities().WithDrop("ALL"))).
		WithVolumeMounts(
			core.VolumeMount().WithName("data").WithMountPath(dataDir),
			core.VolumeMount().WithName("config").WithMountPath(configDir).WithReadOnly(true),
			core.VolumeMount().WithName("secret").WithMountPath(secretDir).WithReadOnly(true),
			core.VolumeMount().WithName("tmp").WithMountPath("/tmp"),
		)
	if p.Redis.HandOver {
		c.WithLifecycle(core.Lifecycle().WithPreStop(core.LifecycleHandler().WithExec(core.ExecAction().WithCommand("sh", configDir+"/stop.sh"))))
	}
	if r := p.Redis.Resources; r != nil {
		quantities := corev1.ResourceList{}
		if r.CPU != "" {
			quantities[corev1.ResourceCPU] = resource.MustParse(r.CPU)
		}
		if r.Memory != "" {
			quantities[corev1.ResourceMemory] = resource.MustParse(r.Memory)
		}
		c.WithResources(core.ResourceRequirements().WithRequests(quantities).WithLimits(quantities))
	}
	return c
}

// busOffset is the distance of the bus port from the client port. Source: Redis
// Cluster specification.
const busOffset = 10000

// handOverLimit bounds the hand-over before a stop.
const handOverLimit = 10 * time.Second

// grace is how long a pod may take to stop: the hand-over, Redis' own wait for
// its replicas (shutdown-timeout, 10 s by default), and some more to write.
func (p *Plan) grace() time.Duration {
	shutdown := 10 * time.Second
	if n, err := strconv.Atoi(p.Redis.Config["shutdown-timeout"]); err == nil {
		shutdown = time.Duration(n) * time.Second
	}
	return handOverLimit + shutdown + 10*time.Second
}

func (p *Plan) tls() bool { return p.Redis.TLS != nil && p.Redis.TLS.Enabled }

func (p *Plan) mutual() bool { return p.tls() && p.Redis.TLS.Mutual }

func (p *Plan) auth() bool { return p.Redis.Auth != nil && p.Redis.Auth.Enabled }

// config is redis.conf without what is secret.
func (p *Plan) config() string {
	var b strings.Builder
	if p.tls() {
		b.WriteString(deployer.TLSDirectives(port, secretDir, p.mutual()))
	} else {
		b.WriteString(deployer.Directive("port", strconv.Itoa(port)))
	}
	for _, d := range [][2]string{
		{"protected-mode", "no"}, {"daemonize", "no"}, {"cluster-enabled", "yes"},
		{"cluster-config-file", "nodes.conf"}, {"dir", dataDir}, {"logfile", ""},
	} {
		b.WriteString(deployer.Directive(d[0], d[1]))
	}
	if p.auth() {
		b.WriteString(deployer.Directive("include", secretDir+"/auth.conf"))
	}
	b.WriteString(deployer.Directives(p.Redis.Config))
	return b.String()
}

// secrets are the files of the Secret: the password for redis-server and for
// the scripts, and the certificates.
func (p *Plan) secrets() map[string][]byte {
	files := map[string][]byte{}
	if p.auth() {
		files["password"] = []byte(p.Password)
		files["auth.conf"] = []byte(deployer.Directive("requirepass", p.Password) + deployer.Directive("masterauth", p.Password))
	}
	if c := p.Certificates; c != nil {
		files["ca.crt"], files["tls.crt"], files["tls.key"] = c.CA, c.Cert, c.Key
	}
	if p.mutual() {
		files[clientCert], files[clientKey] = p.Certificates.ClientCert, p.Certificates.ClientKey
	}
	return files
}

// The files of the Secret that are for clients, not for nodes.
const (
	clientCert = "client.crt"
	clientKey  = "client.key"
)

// secretVolume holds the files of the Secret, those for clients left out.
func (p *Plan) secretVolume() *core.VolumeApplyConfiguration {
	source := core.SecretVolumeSource().WithSecretName(Name).WithDefaultMode(0o440)
	if p.mutual() {
		for _, name := range slices.Sorted(maps.Keys(p.secrets())) {
			if name != clientCert && name != clientKey {
				source.WithItems(core.KeyToPath().WithKey(name).WithPath(name))
			}
		}
	}
	return core.Volume().WithName("secret").WithSecret(source)
}
