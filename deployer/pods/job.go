package pods

import (
	"path"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
)

// GeneratorPlan says what runs in the pods.
type GeneratorPlan struct {
	Count int
	Image string
	// Args are those of the image's program; Secret is the text of a file that
	// they can name as SecretFile.
	Args   []string
	Secret []byte
	// Port is where the program listens.
	Port int
	// Patience is how long all of it may take; Kubernetes ends it then.
	Patience time.Duration
}

// generatorObjects are a Secret and an Indexed Job: pod n drives share n. A pod
// that fails is not made again: what it had measured went with it.
func generatorObjects(p Plan, g GeneratorPlan) (*apply.SecretApplyConfiguration, *apply.JobApplyConfiguration) {
	labels := map[string]string{}
	for k, v := range p.Labels {
		labels[k] = v
	}
	labels[nameLabel] = generatorName
	// Several runs follow one another on a deployment that is kept.
	name := generatorName + "-" + p.Labels[kube.RunLabel]
	secret := apply.Secret(name, p.Namespace).WithLabels(labels).WithType(api.SecretTypeOpaque).WithData(map[string][]byte{path.Base(SecretFile): g.Secret})
	spec := apply.PodSpec().
		WithAutomountServiceAccountToken(false).WithEnableServiceLinks(false).
		WithRestartPolicy(api.RestartPolicyNever).
		WithTerminationGracePeriodSeconds(5).
		WithSecurityContext(applied(unprivileged(generatorUser, p.AssignsUsers))).
		WithTopologySpreadConstraints(apply.TopologySpreadConstraint().WithMaxSkew(1).WithTopologyKey(api.LabelHostname).
			WithWhenUnsatisfiable(api.ScheduleAnyway).WithLabelSelector(apply.LabelSelector().WithMatchLabels(labels))).
		WithContainers(apply.Container().WithName(Container).WithImage(g.Image).WithImagePullPolicy(api.PullIfNotPresent).WithArgs(g.Args...).
			WithPorts(apply.ContainerPort().WithName("control").WithContainerPort(int32(g.Port))).
			// There is no limit on the processor: to be throttled is to send late.
			WithResources(apply.ResourceRequirements().
				WithRequests(api.ResourceList{api.ResourceCPU: resource.MustParse("250m"), api.ResourceMemory: resource.MustParse("128Mi")}).
				WithLimits(api.ResourceList{api.ResourceMemory: resource.MustParse("1Gi")})).
			WithReadinessProbe(apply.Probe().WithTCPSocket(apply.TCPSocketAction().WithPort(intstr.FromInt32(int32(g.Port)))).WithPeriodSeconds(1)).
			WithSecurityContext(apply.SecurityContext().WithAllowPrivilegeEscalation(false).WithReadOnlyRootFilesystem(true).
				WithCapabilities(apply.Capabilities().WithDrop("ALL"))).
			WithVolumeMounts(apply.VolumeMount().WithName("identity").WithMountPath(path.Dir(SecretFile)).WithReadOnly(true))).
		WithVolumes(apply.Volume().WithName("identity").WithSecret(apply.SecretVolumeSource().WithSecretName(name).WithDefaultMode(0o440)))
	if p.Reserved != "" {
		spec.WithAffinity(apply.Affinity().WithNodeAffinity(p.machine(api.NodeSelectorOpIn)))
	}
	if p.PullSecret != "" {
		spec.WithImagePullSecrets(apply.LocalObjectReference().WithName(p.PullSecret))
	}
	job := apply.Job(name, p.Namespace).WithLabels(labels).WithSpec(apply.JobSpec().
		WithCompletionMode(api.IndexedCompletion).WithCompletions(int32(g.Count)).WithParallelism(int32(g.Count)).
		// One that fails takes none of the others with it.
		WithBackoffLimitPerIndex(0).WithActiveDeadlineSeconds(int64(g.Patience / time.Second)).
		WithTemplate(apply.PodTemplateSpec().WithLabels(labels).WithSpec(spec)))
	if p.Owner != nil {
		secret.WithOwnerReferences(p.Owner)
		job.WithOwnerReferences(p.Owner)
	}
	return secret, job
}
