package apply

import "k8s.io/client-go/applyconfigurations/policy/v1"

type PodDisruptionBudgetApplyConfiguration = v1.PodDisruptionBudgetApplyConfiguration

func PodDisruptionBudget(name, namespace string) *PodDisruptionBudgetApplyConfiguration {
	return v1.PodDisruptionBudget(name, namespace)
}

func PodDisruptionBudgetSpec() *v1.PodDisruptionBudgetSpecApplyConfiguration {
	return v1.PodDisruptionBudgetSpec()
}
