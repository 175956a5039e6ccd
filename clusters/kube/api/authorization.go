package api

import "k8s.io/api/authorization/v1"

type (
	ResourceAttributes          = v1.ResourceAttributes
	SelfSubjectAccessReview     = v1.SelfSubjectAccessReview
	SelfSubjectAccessReviewSpec = v1.SelfSubjectAccessReviewSpec
)
