package api

import "k8s.io/api/core/v1"

type (
	ConfigMap                = v1.ConfigMap
	Capabilities             = v1.Capabilities
	Capability               = v1.Capability
	Container                = v1.Container
	ContainerPort            = v1.ContainerPort
	ContainerState           = v1.ContainerState
	ContainerStateRunning    = v1.ContainerStateRunning
	ContainerStateTerminated = v1.ContainerStateTerminated
	ContainerStateWaiting    = v1.ContainerStateWaiting
	ContainerStatus          = v1.ContainerStatus
	EmptyDirVolumeSource     = v1.EmptyDirVolumeSource
	EnvVar                   = v1.EnvVar
	EnvVarSource             = v1.EnvVarSource
	EphemeralContainer       = v1.EphemeralContainer
	EphemeralContainerCommon = v1.EphemeralContainerCommon
	Event                    = v1.Event
	LocalObjectReference     = v1.LocalObjectReference
	Namespace                = v1.Namespace
	NamespaceCondition       = v1.NamespaceCondition
	Node                     = v1.Node
	NodeCondition            = v1.NodeCondition
	NodeSelectorOperator     = v1.NodeSelectorOperator
	NodeSpec                 = v1.NodeSpec
	NodeStatus               = v1.NodeStatus
	NodeSystemInfo           = v1.NodeSystemInfo
	ClaimPhase               = v1.PersistentVolumeClaimPhase
	ClaimVolumeSource        = v1.PersistentVolumeClaimVolumeSource
	ObjectReference          = v1.ObjectReference
	PersistentVolume         = v1.PersistentVolume
	PersistentVolumeClaim    = v1.PersistentVolumeClaim
	PodCondition             = v1.PodCondition
	Pod                      = v1.Pod
	PodExecOptions           = v1.PodExecOptions
	PodLogOptions            = v1.PodLogOptions
	PodSecurityContext       = v1.PodSecurityContext
	PodStatus                = v1.PodStatus
	PodSpec                  = v1.PodSpec
	ResourceList             = v1.ResourceList
	ResourceRequirements     = v1.ResourceRequirements
	SeccompProfile           = v1.SeccompProfile
	Secret                   = v1.Secret
	SecretKeySelector        = v1.SecretKeySelector
	SecretVolumeSource       = v1.SecretVolumeSource
	SecurityContext          = v1.SecurityContext
	Taint                    = v1.Taint
	Volume                   = v1.Volume
	VolumeMount              = v1.VolumeMount
	VolumeSource             = v1.VolumeSource
)

const (
	ClaimBound                       = v1.ClaimBound
	ClusterIPNone                    = v1.ClusterIPNone
	ConditionFalse                   = v1.ConditionFalse
	ConditionTrue                    = v1.ConditionTrue
	EventTypeWarning                 = v1.EventTypeWarning
	LabelHostname                    = v1.LabelHostname
	NodeReady                        = v1.NodeReady
	NodeSelectorOpIn                 = v1.NodeSelectorOpIn
	NodeSelectorOpNotIn              = v1.NodeSelectorOpNotIn
	PodFailed                        = v1.PodFailed
	PodPending                       = v1.PodPending
	PodReasonUnschedulable           = v1.PodReasonUnschedulable
	PodScheduled                     = v1.PodScheduled
	PodSucceeded                     = v1.PodSucceeded
	PortForwardRequestIDHeader       = v1.PortForwardRequestIDHeader
	PortHeader                       = v1.PortHeader
	PullIfNotPresent                 = v1.PullIfNotPresent
	PreferNoSchedule                 = v1.TaintEffectPreferNoSchedule
	ReadWriteOnce                    = v1.ReadWriteOnce
	ResourceCPU                      = v1.ResourceCPU
	ResourceMemory                   = v1.ResourceMemory
	ResourceStorage                  = v1.ResourceStorage
	RestartPolicyNever               = v1.RestartPolicyNever
	ScheduleAnyway                   = v1.ScheduleAnyway
	SeccompProfileTypeRuntimeDefault = v1.SeccompProfileTypeRuntimeDefault
	SecretTypeOpaque                 = v1.SecretTypeOpaque
	StreamType                       = v1.StreamType
	StreamTypeData                   = v1.StreamTypeData
	StreamTypeError                  = v1.StreamTypeError
	TaintNodeNotReady                = v1.TaintNodeNotReady
)
