package api

import "k8s.io/api/authentication/v1"

type SelfSubjectReview = v1.SelfSubjectReview
