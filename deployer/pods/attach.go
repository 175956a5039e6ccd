package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Attach takes up a deployment that was kept, and waits until its cluster is
// whole. Credentials and certificates come from its Secret.
func Attach(ctx context.Context, o Options) (_ *Deployment, err error) {
	client, ns := o.Namespace.Client, o.Namespace.Name
	config, err := client.CoreV1().ConfigMaps(ns).Get(ctx, Name, api.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the deployment's ConfigMap: %w", err)
	}
	var there scenarios.Redis
	if err := json.Unmarshal([]byte(config.Annotations[redisAnnotation]), &there); err != nil {
		return nil, fmt.Errorf("reading what was deployed, from ConfigMap %s: %w", Name, err)
	}
	if list := differences(there, o.Redis); len(list) > 0 {
		return nil, fmt.Errorf("%w: %s; say so with --set, or deploy another", ErrDiffers, strings.Join(list, "; "))
	}
	secret, err := client.CoreV1().Secrets(ns).Get(ctx, Name, api.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the deployment's Secret: %w", err)
	}
	d := newDeployment(o)
	login := loginOf(there, string(secret.Data["password"]))
	if err := d.Use(login, certificatesIn(secret.Data, o.Redis.TLS)); err != nil {
		return nil, err
	}
	if err := d.follow(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.unfollow()
		}
	}()
	// A run that was killed may have left nodes down.
	if err := d.everyNode(func(n deployer.Node) error { return d.letStart(ctx, n) }); err != nil {
		return nil, err
	}
	if err := d.Learn(ctx); err != nil {
		return nil, err
	}
	if err := d.Cluster.Undo(ctx, o.Undo); err != nil {
		return nil, err
	}
	if err := d.AwaitWhole(ctx); err != nil {
		return nil, fmt.Errorf("the deployment's cluster is not whole: %w", err)
	}
	// Nor may the slots stay open that it was moving.
	if _, err := d.CloseSlots(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// certificatesIn are those in a deployment's Secret; nil without TLS.
func certificatesIn(secret map[string][]byte, t *scenarios.TLS) *deployer.Certificates {
	if t == nil || !t.Enabled {
		return nil
	}
	return &deployer.Certificates{
		CA: secret["ca.crt"], Cert: secret["tls.crt"], Key: secret["tls.key"], ClientCert: secret[clientCert], ClientKey: secret[clientKey],
	}
}
