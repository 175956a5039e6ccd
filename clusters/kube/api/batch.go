package api

import "k8s.io/api/batch/v1"

const (
	IndexedCompletion            = v1.IndexedCompletion
	JobCompletionIndexAnnotation = v1.JobCompletionIndexAnnotation
)
