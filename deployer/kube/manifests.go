package kube

import (
	"bytes"
	"context"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	batch "k8s.io/client-go/applyconfigurations/batch/v1"
	core "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/yaml"

	place "github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer"
)

// Planned are all objects that a run would apply, its generators' included. They
// hold no secret: there is a placeholder for each.
type Planned struct {
	cluster *Objects
	secret  *core.SecretApplyConfiguration
	job     *batch.JobApplyConfiguration
}

// placeholder stands for what is made when it is needed.
const placeholder = "-"

// Plan makes the objects of a deployment and its generators, and applies nothing.
func (o Options) Plan(g GeneratorPlan) *Planned {
	var certificates *deployer.Certificates
	if o.Redis.TLS != nil && o.Redis.TLS.Enabled {
		certificates = &deployer.Certificates{CA: []byte(placeholder), Cert: []byte(placeholder), Key: []byte(placeholder)}
	}
	p := &Planned{cluster: New(planOf(o, placeholder, certificates))}
	g.Secret = []byte(placeholder)
	p.secret, p.job = generatorObjects(generatorsPlan(o), g)
	return p
}

// Objects are the objects in the order in which they are applied.
func (p *Planned) Objects() []any {
	list := []any{p.cluster.Config, p.cluster.Secret}
	for _, s := range p.cluster.Services {
		list = append(list, s)
	}
	list = append(list, p.cluster.Budget)
	for _, s := range p.cluster.Sets {
		list = append(list, s)
	}
	return append(list, p.secret, p.job)
}

// Try asks the API server whether it would take all objects, into a namespace that
// is there. It keeps none.
func (p *Planned) Try(ctx context.Context, c *place.Cluster, namespace string) error {
	how := metav1.ApplyOptions{FieldManager: place.Manager, DryRun: []string{metav1.DryRunAll}, Force: true}
	if err := p.cluster.apply(ctx, c, namespace, how); err != nil {
		return err
	}
	if _, err := c.Client.CoreV1().Secrets(namespace).Apply(ctx, p.secret, how); err != nil {
		return fmt.Errorf("applying the Secret of the generators: %w", err)
	}
	if _, err := c.Client.BatchV1().Jobs(namespace).Apply(ctx, p.job, how); err != nil {
		return fmt.Errorf("applying the Job of the generators: %w", err)
	}
	return nil
}

// WriteManifests writes objects as YAML documents, without the values of secrets.
func WriteManifests(w io.Writer, objects []any) error {
	for _, o := range objects {
		raw, err := yaml.Marshal(o)
		if err != nil {
			return fmt.Errorf("writing a manifest: %w", err)
		}
		var head struct{ Kind string }
		if err := yaml.Unmarshal(raw, &head); err != nil {
			return fmt.Errorf("writing a manifest: %w", err)
		}
		about := ""
		if head.Kind == "Secret" {
			about = "# The values are made for each run, and never printed.\n"
			var secret map[string]any
			if err := yaml.Unmarshal(raw, &secret); err != nil {
				return fmt.Errorf("writing a manifest: %w", err)
			}
			if data, ok := secret["data"].(map[string]any); ok {
				for name := range data {
					data[name] = ""
				}
			}
			if raw, err = yaml.Marshal(secret); err != nil {
				return fmt.Errorf("writing a manifest: %w", err)
			}
		}
		// What only the API server fills in.
		raw = bytes.ReplaceAll(raw, []byte("  creationTimestamp: null\n"), nil)
		raw = bytes.ReplaceAll(raw, []byte("\nstatus: {}\n"), []byte("\n"))
		raw = bytes.ReplaceAll(raw, []byte("\nspec: {}\n"), []byte("\n"))
		if _, err := fmt.Fprintf(w, "---\n%s%s", about, raw); err != nil {
			return err
		}
	}
	return nil
}
