package apply

import "k8s.io/client-go/applyconfigurations/core/v1"

type (
	ConfigMapApplyConfiguration          = v1.ConfigMapApplyConfiguration
	ContainerApplyConfiguration          = v1.ContainerApplyConfiguration
	NodeAffinityApplyConfiguration       = v1.NodeAffinityApplyConfiguration
	PodSecurityContextApplyConfiguration = v1.PodSecurityContextApplyConfiguration
	PodSpecApplyConfiguration            = v1.PodSpecApplyConfiguration
	ProbeApplyConfiguration              = v1.ProbeApplyConfiguration
	SecretApplyConfiguration             = v1.SecretApplyConfiguration
	ServiceApplyConfiguration            = v1.ServiceApplyConfiguration
	ServiceSpecApplyConfiguration        = v1.ServiceSpecApplyConfiguration
	VolumeApplyConfiguration             = v1.VolumeApplyConfiguration
)

func Affinity() *v1.AffinityApplyConfiguration { return v1.Affinity() }

func Capabilities() *v1.CapabilitiesApplyConfiguration { return v1.Capabilities() }

func ConfigMap(name, namespace string) *ConfigMapApplyConfiguration {
	return v1.ConfigMap(name, namespace)
}

func ConfigMapVolumeSource() *v1.ConfigMapVolumeSourceApplyConfiguration {
	return v1.ConfigMapVolumeSource()
}

func Container() *ContainerApplyConfiguration { return v1.Container() }

func ContainerPort() *v1.ContainerPortApplyConfiguration { return v1.ContainerPort() }

func EmptyDirVolumeSource() *v1.EmptyDirVolumeSourceApplyConfiguration {
	return v1.EmptyDirVolumeSource()
}

func EnvVar() *v1.EnvVarApplyConfiguration { return v1.EnvVar() }

func EnvVarSource() *v1.EnvVarSourceApplyConfiguration { return v1.EnvVarSource() }

func ExecAction() *v1.ExecActionApplyConfiguration { return v1.ExecAction() }

func KeyToPath() *v1.KeyToPathApplyConfiguration { return v1.KeyToPath() }

func Lifecycle() *v1.LifecycleApplyConfiguration { return v1.Lifecycle() }

func LifecycleHandler() *v1.LifecycleHandlerApplyConfiguration { return v1.LifecycleHandler() }

func LocalObjectReference() *v1.LocalObjectReferenceApplyConfiguration {
	return v1.LocalObjectReference()
}

func NodeAffinity() *NodeAffinityApplyConfiguration { return v1.NodeAffinity() }

func NodeSelector() *v1.NodeSelectorApplyConfiguration { return v1.NodeSelector() }

func NodeSelectorRequirement() *v1.NodeSelectorRequirementApplyConfiguration {
	return v1.NodeSelectorRequirement()
}

func NodeSelectorTerm() *v1.NodeSelectorTermApplyConfiguration { return v1.NodeSelectorTerm() }

func ObjectFieldSelector() *v1.ObjectFieldSelectorApplyConfiguration { return v1.ObjectFieldSelector() }

func PersistentVolumeClaim(name, namespace string) *v1.PersistentVolumeClaimApplyConfiguration {
	return v1.PersistentVolumeClaim(name, namespace)
}

func PersistentVolumeClaimSpec() *v1.PersistentVolumeClaimSpecApplyConfiguration {
	return v1.PersistentVolumeClaimSpec()
}

func PodAffinityTerm() *v1.PodAffinityTermApplyConfiguration { return v1.PodAffinityTerm() }

func PodAntiAffinity() *v1.PodAntiAffinityApplyConfiguration { return v1.PodAntiAffinity() }

func PodSecurityContext() *v1.PodSecurityContextApplyConfiguration { return v1.PodSecurityContext() }

func PodSpec() *PodSpecApplyConfiguration { return v1.PodSpec() }

func PodTemplateSpec() *v1.PodTemplateSpecApplyConfiguration { return v1.PodTemplateSpec() }

func Probe() *ProbeApplyConfiguration { return v1.Probe() }

func ResourceRequirements() *v1.ResourceRequirementsApplyConfiguration {
	return v1.ResourceRequirements()
}

func SeccompProfile() *v1.SeccompProfileApplyConfiguration { return v1.SeccompProfile() }

func Secret(name, namespace string) *SecretApplyConfiguration { return v1.Secret(name, namespace) }

func SecretVolumeSource() *v1.SecretVolumeSourceApplyConfiguration { return v1.SecretVolumeSource() }

func SecurityContext() *v1.SecurityContextApplyConfiguration { return v1.SecurityContext() }

func Service(name, namespace string) *ServiceApplyConfiguration { return v1.Service(name, namespace) }

func ServicePort() *v1.ServicePortApplyConfiguration { return v1.ServicePort() }

func ServiceSpec() *ServiceSpecApplyConfiguration { return v1.ServiceSpec() }

func TCPSocketAction() *v1.TCPSocketActionApplyConfiguration { return v1.TCPSocketAction() }

func TopologySpreadConstraint() *v1.TopologySpreadConstraintApplyConfiguration {
	return v1.TopologySpreadConstraint()
}

func Volume() *VolumeApplyConfiguration { return v1.Volume() }

func VolumeMount() *v1.VolumeMountApplyConfiguration { return v1.VolumeMount() }

func VolumeResourceRequirements() *v1.VolumeResourceRequirementsApplyConfiguration {
	return v1.VolumeResourceRequirements()
}

func WeightedPodAffinityTerm() *v1.WeightedPodAffinityTermApplyConfiguration {
	return v1.WeightedPodAffinityTerm()
}
