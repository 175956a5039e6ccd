package api

import "k8s.io/api/apps/v1"

type (
	RollingUpdateStatefulSetStrategy = v1.RollingUpdateStatefulSetStrategy
	StatefulSet                      = v1.StatefulSet
)

const (
	DeletePersistentVolumeClaimRetentionPolicyType = v1.DeletePersistentVolumeClaimRetentionPolicyType
	OnDeleteStatefulSetStrategyType                = v1.OnDeleteStatefulSetStrategyType
	ParallelPodManagement                          = v1.ParallelPodManagement
	RollingUpdateStatefulSetStrategyType           = v1.RollingUpdateStatefulSetStrategyType
	RetainPersistentVolumeClaimRetentionPolicyType = v1.RetainPersistentVolumeClaimRetentionPolicyType
	ControllerRevisionHashLabelKey                 = v1.ControllerRevisionHashLabelKey
	StatefulSetPodNameLabel                        = v1.StatefulSetPodNameLabel
)
