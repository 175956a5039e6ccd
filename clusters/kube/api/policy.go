package api

import "k8s.io/api/policy/v1"

type Eviction = v1.Eviction
