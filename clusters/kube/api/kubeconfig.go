package api

import "k8s.io/client-go/tools/clientcmd/api"

type (
	KubeconfigUser    = api.AuthInfo
	KubeconfigCluster = api.Cluster
	Kubeconfig        = api.Config
	KubeconfigContext = api.Context
)

func NewKubeconfig() *api.Config { return api.NewConfig() }
