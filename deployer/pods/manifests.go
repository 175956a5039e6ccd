package pods

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
	"github.com/slotstorm/slotstorm/deployer"
)

// Planned are all objects that a run would apply, its generators' included. They
// hold no secret: there is a placeholder for each.
type Planned struct {
	cluster *Objects
	secret  *apply.SecretApplyConfiguration
	job     *apply.JobApplyConfiguration
}

// placeholder stands for what is made when it is needed.
const placeholder = "-"

// Plan makes the objects of a deployment and its generators, and applies nothing.
func (o Options) Plan(g GeneratorPlan) *Planned {
	var certificates *deployer.Certificates
	if o.Redis.TLS != nil && o.Redis.TLS.Enabled {
		certificates = &deployer.Certificates{CA: []byte(placeholder), Cert: []byte(placeholder), Key: []byte(placeholder)}
		if o.Redis.TLS.Mutual {
			certificates.ClientCert, certificates.ClientKey = []byte(placeholder), []byte(placeholder)
		}
	}
	p := &Planned{cluster: New(planOf(o, loginOf(o.Redis, placeholder), certificates))}
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

// Try asks the API server whether it would take all objects, into an existing
// namespace. It keeps none.
func (p *Planned) Try(ctx context.Context, c *kube.Cluster, namespace string) error {
	how := api.ApplyOptions{FieldManager: kube.Manager, DryRun: []string{api.DryRunAll}, Force: true}
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
		// By way of JSON, whose names the objects have; their order stays.
		raw, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("writing a manifest: %w", err)
		}
		var document yaml.Node
		if err := yaml.Unmarshal(raw, &document); err != nil {
			return fmt.Errorf("writing a manifest: %w", err)
		}
		root := document.Content[0]
		about := ""
		if kind := member(root, "kind"); kind != nil && kind.Value == "Secret" {
			about = "# The values are made for each run, and never printed.\n"
			if data := member(root, "data"); data != nil {
				for i := 1; i < len(data.Content); i += 2 {
					data.Content[i].Value = ""
				}
			}
		}
		asBlocks(root)
		var text bytes.Buffer
		e := yaml.NewEncoder(&text)
		e.SetIndent(2)
		if err := e.Encode(root); err != nil {
			return fmt.Errorf("writing a manifest: %w", err)
		}
		if _, err := fmt.Fprintf(w, "---\n%s%s", about, text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// member is a mapping's value of a name; nil if there is none.
func member(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// asBlocks has a document written as people write YAML, without what is empty.
func asBlocks(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.MappingNode {
		var kept []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			// Only the API server fills these in.
			if value.Tag == "!!null" || value.Kind == yaml.MappingNode && len(value.Content) == 0 && (name.Value == "status" || name.Value == "spec") {
				continue
			}
			kept = append(kept, name, value)
		}
		n.Content = kept
	}
	for _, c := range n.Content {
		asBlocks(c)
	}
}
