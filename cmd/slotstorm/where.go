package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/upkeep"
)

// whereFlags choose where to look for objects that slotstorm made.
func whereFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cluster", Usage: "look in `PROVIDER`: kind (all kind clusters on this machine; the default) or kube (the cluster of --context)"},
		&cli.StringFlag{Name: "context", Usage: "look in the cluster of the context `NAME` of the kubeconfig; with --cluster kube, required unless the current context is a kind, k3d or minikube cluster on this machine"},
		&cli.StringFlag{Name: "namespace", Usage: "look only in the namespace `NAME`; needed if you have no permission to list all namespaces"},
	}
}

func (p *program) where(c *cli.Context) (upkeep.Where, error) {
	w := upkeep.Where{Provider: "kind", Context: c.String("context"), Namespace: c.String("namespace"), Note: func(message string) {
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
		return w, usagef("--cluster %s: slotstorm %s works with kind or kube only", given, c.Command.Name)
	case given == "kind" && c.IsSet("context"):
		return w, usagef("--cluster kind cannot be combined with --context: use --cluster kube")
	default:
		w.Provider = given
	}
	return w, nil
}
