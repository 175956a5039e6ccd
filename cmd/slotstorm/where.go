package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/runner"
)

// whereFlags say where to look for what slotstorm has made.
func whereFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cluster", Usage: "look in all kind clusters of this machine (kind, unless stated) or in the one of a kubeconfig's context (kube): `PROVIDER`"},
		&cli.StringFlag{Name: "context", Usage: "look in the cluster of the context `NAME` of the kubeconfig; one that is not of kind, k3d or minikube must be named here"},
		&cli.StringFlag{Name: "namespace", Usage: "look in the namespace `NAME` alone: without the right to look into all of them"},
	}
}

func (p *program) where(c *cli.Context) (runner.Where, error) {
	w := runner.Where{Provider: "kind", Context: c.String("context"), Namespace: c.String("namespace"), Note: func(message string) {
		if !p.quiet {
			fmt.Fprintln(p.err, message)
		}
	}}
	if c.IsSet("context") {
		w.Provider = "kube"
	}
	switch given := c.String("cluster"); {
	case given == "":
	case given != "kind" && given != "kube":
		return w, usagef("--cluster %s: slotstorm %s looks in kind or kube; what runs on this machine ends with its process", given, c.Command.Name)
	case given == "kind" && c.IsSet("context"):
		return w, usagef("--cluster kind looks in every kind cluster; --context names one of the kubeconfig, and goes with --cluster kube")
	default:
		w.Provider = given
	}
	return w, nil
}
