package api

import "k8s.io/api/coordination/v1"

type (
	Lease     = v1.Lease
	LeaseSpec = v1.LeaseSpec
)
