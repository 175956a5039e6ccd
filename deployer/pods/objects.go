package pods

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
	"github.com/slotstorm/slotstorm/deployer"
)

// Objects are what a cluster consists of on Kubernetes.
type Objects struct {
	Config   *apply.ConfigMapApplyConfiguration
	Secret   *apply.SecretApplyConfiguration
	Services []*apply.ServiceApplyConfiguration
	Budget   *apply.PodDisruptionBudgetApplyConfiguration
	// Sets are the shards, in order.
	Sets []*apply.StatefulSetApplyConfiguration
}

// New makes the objects of a cluster: one StatefulSet for each shard, so that the
// nodes of a shard can be kept apart.
func New(p Plan) *Objects {
	o := &Objects{
		Config: apply.ConfigMap(Name, p.Namespace).WithLabels(p.labels()).WithData(p.configs()).WithData(map[string]string{
			"start.sh": p.script(startScript), "ready.sh": p.script(readyScript),
			"alive.sh": p.script(aliveScript), "stop.sh": p.script(stopScript),
		}).WithAnnotations(map[string]string{redisAnnotation: described(p.Redis)}),
		Secret: apply.Secret(Name, p.Namespace).WithLabels(p.labels()).WithType(api.SecretTypeOpaque).WithData(p.secrets()),
		Services: []*apply.ServiceApplyConfiguration{
			// Pods find each other before they are ready: a cluster that is not
			// formed yet, or that is forming anew, is not.
			apply.Service(Name, p.Namespace).WithLabels(p.labels()).WithSpec(p.service().WithClusterIP(api.ClusterIPNone).WithPublishNotReadyAddresses(true)),
			apply.Service(clientService, p.Namespace).WithLabels(p.labels()).WithSpec(p.service()),
		},
		Budget: apply.PodDisruptionBudget(Name, p.Namespace).WithLabels(p.labels()).WithSpec(
			apply.PodDisruptionBudgetSpec().WithMaxUnavailable(intstr.FromInt32(1)).WithSelector(p.selector(nil))),
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

func (p *Plan) service() *apply.ServiceSpecApplyConfiguration {
	return apply.ServiceSpec().WithSelector(p.labels()).WithPorts(apply.ServicePort().WithName("redis").WithPort(port).WithTargetPort(intstr.FromInt32(port)))
}

func (p *Plan) set(shard int) *apply.StatefulSetApplyConfiguration {
	size, class := resource.MustParse("1Gi"), p.StorageClass
	if s := p.Redis.Storage; s != nil {
		size = resource.MustParse(s.Size)
		if s.Class != "" {
			class = s.Class
		}
	}
	claim := apply.PersistentVolumeClaim("data", "").WithLabels(p.labels()).WithSpec(apply.PersistentVolumeClaimSpec().
		WithAccessModes(api.ReadWriteOnce).
		WithResources(apply.VolumeResourceRequirements().WithRequests(api.ResourceList{api.ResourceStorage: size})))
	// The API wants a claim of a template to have no namespace of its own.
	claim.Namespace = nil
	if class != "" {
		claim.Spec.WithStorageClassName(class)
	}
	return apply.StatefulSet(setName(shard), p.Namespace).WithLabels(p.podLabels(shard)).WithSpec(apply.StatefulSetSpec().
		WithServiceName(Name).
		WithReplicas(int32(1 + p.Redis.ReplicasPerShard)).
		WithPodManagementPolicy(api.ParallelPodManagement).
		WithSelector(p.selector(&shard)).
		WithPersistentVolumeClaimRetentionPolicy(apply.StatefulSetPersistentVolumeClaimRetentionPolicy().
			WithWhenDeleted(api.DeletePersistentVolumeClaimRetentionPolicyType).WithWhenScaled(api.RetainPersistentVolumeClaimRetentionPolicyType)).
		WithVolumeClaimTemplates(claim).
		WithTemplate(apply.PodTemplateSpec().WithLabels(p.podLabels(shard)).WithSpec(p.pod(shard))))
}

func (p *Plan) pod(shard int) *apply.PodSpecApplyConfiguration {
	spec := apply.PodSpec().
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		// A signal to redis-server, from a container of the pod, needs it.
		WithShareProcessNamespace(true).
		WithTerminationGracePeriodSeconds(int64(p.grace()/time.Second)).
		WithSecurityContext(applied(unprivileged(user, p.AssignsUsers))).
		WithAffinity(apply.Affinity().WithPodAntiAffinity(apply.PodAntiAffinity().WithPreferredDuringSchedulingIgnoredDuringExecution(
			apply.WeightedPodAffinityTerm().WithWeight(100).WithPodAffinityTerm(apply.PodAffinityTerm().WithTopologyKey(api.LabelHostname).WithLabelSelector(p.selector(&shard)))))).
		WithTopologySpreadConstraints(apply.TopologySpreadConstraint().WithMaxSkew(1).WithTopologyKey(api.LabelHostname).
			WithWhenUnsatisfiable(api.ScheduleAnyway).WithLabelSelector(p.selector(nil))).
		WithContainers(p.container()).
		WithVolumes(
			apply.Volume().WithName("config").WithConfigMap(apply.ConfigMapVolumeSource().WithName(Name)),
			p.secretVolume(),
			apply.Volume().WithName("tmp").WithEmptyDir(apply.EmptyDirVolumeSource()),
		)
	if p.Reserved != "" {
		spec.Affinity.WithNodeAffinity(p.machine(api.NodeSelectorOpNotIn))
	}
	if p.PullSecret != "" {
		spec.WithImagePullSecrets(apply.LocalObjectReference().WithName(p.PullSecret))
	}
	return spec
}

func (p *Plan) container() *apply.ContainerApplyConfiguration {
	probe := func(script string, every, timeout, failures int32) *apply.ProbeApplyConfiguration {
		return apply.Probe().WithExec(apply.ExecAction().WithCommand("sh", configDir+"/"+script)).
			WithPeriodSeconds(every).WithTimeoutSeconds(timeout).WithFailureThreshold(failures)
	}
	c := apply.Container().WithName(Container).WithImage(p.Redis.Image).WithImagePullPolicy(api.PullIfNotPresent).
		WithCommand("sh", configDir+"/start.sh").
		WithEnv(
			apply.EnvVar().WithName("POD_NAME").WithValueFrom(apply.EnvVarSource().WithFieldRef(apply.ObjectFieldSelector().WithFieldPath("metadata.name"))),
			apply.EnvVar().WithName("POD_IP").WithValueFrom(apply.EnvVarSource().WithFieldRef(apply.ObjectFieldSelector().WithFieldPath("status.podIP"))),
			apply.EnvVar().WithName("TZ").WithValue("UTC"),
		).
		WithPorts(apply.ContainerPort().WithName("redis").WithContainerPort(port), apply.ContainerPort().WithName("bus").WithContainerPort(port+busOffset)).
		// Often only until it has started: each look is a process in the
		// container, and six of them are felt on a small machine.
		WithStartupProbe(probe("alive.sh", 2, 10, 30)).
		WithReadinessProbe(probe("ready.sh", 15, 5, 1)).
		WithLivenessProbe(probe("alive.sh", 60, 10, 2)).
		WithSecurityContext(apply.SecurityContext().WithAllowPrivilegeEscalation(false).WithReadOnlyRootFilesystem(true).
			WithCapabilities(apply.Capabilities().WithDrop("ALL"))).
		WithVolumeMounts(
			apply.VolumeMount().WithName("data").WithMountPath(dataDir),
			apply.VolumeMount().WithName("config").WithMountPath(configDir).WithReadOnly(true),
			apply.VolumeMount().WithName("secret").WithMountPath(secretDir).WithReadOnly(true),
			apply.VolumeMount().WithName("tmp").WithMountPath("/tmp"),
		)
	if p.Redis.HandOver {
		c.WithLifecycle(apply.Lifecycle().WithPreStop(apply.LifecycleHandler().WithExec(apply.ExecAction().WithCommand("sh", configDir+"/stop.sh"))))
	}
	requests, limits := p.resources()
	return c.WithResources(apply.ResourceRequirements().WithRequests(requests).WithLimits(limits))
}

// resources are those of the scenario. Without a request for a processor a pod has next to
// no weight: beside anything that is busy on its machine it waits, and that looks like a
// slow Redis. So what is not stated is requested, without a limit: a node that is throttled
// looks slow, too.
func (p *Plan) resources() (requests, limits api.ResourceList) {
	requests = api.ResourceList{api.ResourceCPU: resource.MustParse("100m"), api.ResourceMemory: resource.MustParse("64Mi")}
	limits = api.ResourceList{}
	if r := p.Redis.Resources; r != nil {
		if r.CPU != "" {
			requests[api.ResourceCPU], limits[api.ResourceCPU] = resource.MustParse(r.CPU), resource.MustParse(r.CPU)
		}
		if r.Memory != "" {
			requests[api.ResourceMemory], limits[api.ResourceMemory] = resource.MustParse(r.Memory), resource.MustParse(r.Memory)
		}
	}
	return requests, limits
}

// configs are redis.conf, and POD.conf for each node with directives of its own.
func (p *Plan) configs() map[string]string {
	files := map[string]string{"redis.conf": p.config(p.Redis.Config)}
	for i := range p.Redis.Shards * (1 + p.Redis.ReplicasPerShard) {
		if p.Redis.OwnConfig(i) != nil {
			files[NodeName(i%p.Redis.Shards, i/p.Redis.Shards)+".conf"] = p.config(p.Redis.ConfigOf(i))
		}
	}
	return files
}

// config is a redis.conf with directives, without what is secret.
func (p *Plan) config(directives map[string]string) string {
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
	b.WriteString(deployer.Directives(directives))
	b.WriteString(deployer.Renames(p.Redis.RenameCommands))
	return b.String()
}

// secrets are the files of the Secret: the password for redis-server and for
// the scripts, and the certificates.
func (p *Plan) secrets() map[string][]byte {
	files := map[string][]byte{}
	if p.auth() {
		files["password"] = []byte(p.Login.Password)
		files["auth.conf"] = []byte(deployer.LoginDirectives(p.Login))
	}
	if c := p.Certificates; c != nil {
		files["ca.crt"], files["tls.crt"], files["tls.key"] = c.CA, c.Cert, c.Key
	}
	if p.mutual() {
		files[clientCert], files[clientKey] = p.Certificates.ClientCert, p.Certificates.ClientKey
	}
	return files
}

// secretVolume holds the files of the Secret, those for clients left out.
func (p *Plan) secretVolume() *apply.VolumeApplyConfiguration {
	source := apply.SecretVolumeSource().WithSecretName(Name).WithDefaultMode(0o440)
	if p.mutual() {
		for _, name := range slices.Sorted(maps.Keys(p.secrets())) {
			if name != clientCert && name != clientKey {
				source.WithItems(apply.KeyToPath().WithKey(name).WithPath(name))
			}
		}
	}
	return apply.Volume().WithName("secret").WithSecret(source)
}
