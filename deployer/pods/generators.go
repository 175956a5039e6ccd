package pods

import (
	"context"
	"fmt"
	"net"
	"path"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
	"github.com/slotstorm/slotstorm/results"
)

// Generators are pods beside the cluster that run another program. What that
// is this package does not know: it has arguments, a file that is a secret, and
// a port.
type Generators struct {
	pods  *pods
	where *Deployment
	count int
}

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

// SecretFile is where a generator finds its secret.
const SecretFile = "/etc/slotstorm/identity/key.pem"

const (
	generatorName = "slotstorm-generator"
	generatorPort = 7946
	// generatorUser is any that is not root.
	generatorUser = 65532
)

// GeneratorPort is where generators should listen.
const GeneratorPort = generatorPort

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
		WithSecurityContext(apply.PodSecurityContext().WithRunAsNonRoot(true).WithRunAsUser(generatorUser).WithRunAsGroup(generatorUser).WithFSGroup(generatorUser).
			WithSeccompProfile(apply.SeccompProfile().WithType(api.SeccompProfileTypeRuntimeDefault))).
		WithTopologySpreadConstraints(apply.TopologySpreadConstraint().WithMaxSkew(1).WithTopologyKey(api.LabelHostname).
			WithWhenUnsatisfiable(api.ScheduleAnyway).WithLabelSelector(apply.LabelSelector().WithMatchLabels(labels))).
		WithContainers(apply.Container().WithName(Container).WithImage(g.Image).WithImagePullPolicy(api.PullIfNotPresent).WithArgs(g.Args...).
			WithPorts(apply.ContainerPort().WithName("control").WithContainerPort(int32(g.Port))).
			// There is no limit on the processor: to be throttled is to send late.
			WithResources(apply.ResourceRequirements().
				WithRequests(api.ResourceList{api.ResourceCPU: resource.MustParse("100m"), api.ResourceMemory: resource.MustParse("128Mi")}).
				WithLimits(api.ResourceList{api.ResourceMemory: resource.MustParse("1Gi")})).
			WithReadinessProbe(apply.Probe().WithTCPSocket(apply.TCPSocketAction().WithPort(intstr.FromInt32(int32(g.Port)))).WithPeriodSeconds(1)).
			WithSecurityContext(apply.SecurityContext().WithAllowPrivilegeEscalation(false).WithReadOnlyRootFilesystem(true).
				WithCapabilities(apply.Capabilities().WithDrop("ALL"))).
			WithVolumeMounts(apply.VolumeMount().WithName("identity").WithMountPath(path.Dir(SecretFile)).WithReadOnly(true))).
		WithVolumes(apply.Volume().WithName("identity").WithSecret(apply.SecretVolumeSource().WithSecretName(name).WithDefaultMode(0o440)))
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

// generatorsPlan is what generators have in common with the cluster. They belong
// to the run, which may not be the one that has deployed the cluster.
func generatorsPlan(o Options) Plan {
	return Plan{Namespace: o.Namespace.Name, Labels: o.Namespace.Labels(), Owner: o.Namespace.Owner(), PullSecret: o.PullSecret}
}

// readyLimit is how long generators may take to listen.
const readyLimit = 2 * time.Minute

// Generate starts generators and waits until they listen.
func (d *Deployment) Generate(ctx context.Context, g GeneratorPlan) (*Generators, error) {
	if err := d.namespace.Check(ctx); err != nil {
		return nil, err
	}
	secret, job := generatorObjects(generatorsPlan(d.options), g)
	how := api.ApplyOptions{FieldManager: kube.Manager}
	if _, err := d.namespace.Client.CoreV1().Secrets(d.namespace.Name).Apply(ctx, secret, how); err != nil {
		return nil, fmt.Errorf("applying the Secret of the generators: %w", err)
	}
	if _, err := d.namespace.Client.BatchV1().Jobs(d.namespace.Name).Apply(ctx, job, how); err != nil {
		return nil, fmt.Errorf("applying the Job of the generators: %w", err)
	}
	pods, err := watchPods(ctx, d.namespace, secret.Labels, nil, d.options.Clock, func(results.Event) {})
	if err != nil {
		return nil, err
	}
	made := &Generators{pods: pods, where: d, count: g.Count}
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("not ready after %v", readyLimit))
	defer cancel()
	waiting, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	go d.watchTrouble(waiting, failed, secret.Labels)
	for i := range g.Count {
		if _, err := made.await(waiting, i); err != nil {
			made.Close()
			return nil, fmt.Errorf("generator %d: %w", i, err)
		}
	}
	d.generators = made
	return made, nil
}

// Close stops following the pods; they go with the namespace.
func (g *Generators) Close() { g.pods.close() }

func (g *Generators) await(ctx context.Context, index int) (Pod, error) {
	return g.pods.awaitAny(ctx, "its pod", func(p Pod) bool { return p.Index == index && p.Ready })
}

// Dial reaches a generator. gone tells that its pod has ended for good.
func (g *Generators) Dial(ctx context.Context, index int) (_ net.Conn, gone bool, _ error) {
	pod, ok := g.pods.find(func(p Pod) bool { return p.Index == index })
	if !ok || pod.Ended {
		return nil, true, fmt.Errorf("its pod has ended: %s", pod.Exit)
	}
	if g.where.options.Inside {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(pod.IP, strconv.Itoa(generatorPort)))
		return conn, false, err
	}
	conn, err := g.where.namespace.Forward(ctx, g.where.namespace.Name, pod.Name, pod.UID, generatorPort)
	return conn, false, err
}

// Place tells where a generator runs.
func (g *Generators) Place(index int) string {
	pod, ok := g.pods.find(func(p Pod) bool { return p.Index == index })
	if !ok {
		return "no pod"
	}
	return fmt.Sprintf("pod %s on %s", pod.Name, pod.Machine)
}
