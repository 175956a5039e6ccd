package api

import "k8s.io/api/storage/v1"

type StorageClass = v1.StorageClass
