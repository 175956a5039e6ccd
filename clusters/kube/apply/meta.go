package apply

import "k8s.io/client-go/applyconfigurations/meta/v1"

type (
	LabelSelectorApplyConfiguration  = v1.LabelSelectorApplyConfiguration
	OwnerReferenceApplyConfiguration = v1.OwnerReferenceApplyConfiguration
)

func LabelSelector() *LabelSelectorApplyConfiguration { return v1.LabelSelector() }

func OwnerReference() *OwnerReferenceApplyConfiguration { return v1.OwnerReference() }
