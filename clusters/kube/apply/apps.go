package apply

import "k8s.io/client-go/applyconfigurations/apps/v1"

type StatefulSetApplyConfiguration = v1.StatefulSetApplyConfiguration

func StatefulSet(name, namespace string) *StatefulSetApplyConfiguration {
	return v1.StatefulSet(name, namespace)
}

func StatefulSetPersistentVolumeClaimRetentionPolicy() *v1.StatefulSetPersistentVolumeClaimRetentionPolicyApplyConfiguration {
	return v1.StatefulSetPersistentVolumeClaimRetentionPolicy()
}

func StatefulSetSpec() *v1.StatefulSetSpecApplyConfiguration { return v1.StatefulSetSpec() }
