package apply

import "k8s.io/client-go/applyconfigurations/batch/v1"

type JobApplyConfiguration = v1.JobApplyConfiguration

func Job(name, namespace string) *JobApplyConfiguration { return v1.Job(name, namespace) }

func JobSpec() *v1.JobSpecApplyConfiguration { return v1.JobSpec() }
