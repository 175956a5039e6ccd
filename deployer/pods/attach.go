package pods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// ErrDiffers says that a deployment is not the one that a scenario describes.
var ErrDiffers = errors.New("the deployment is not what the scenario asks for")

// Attach takes up a deployment that was kept, and waits until its cluster is
// whole. What is needed to talk to it comes from its Secret.
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
	if err := d.Use(string(secret.Data["password"]), certificatesIn(secret.Data, o.Redis.TLS)); err != nil {
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
	if err := d.Learn(ctx); err != nil {
		return nil, err
	}
	if err := d.AwaitWhole(ctx); err != nil {
		return nil, fmt.Errorf("the deployment's cluster is not whole: %w", err)
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

// described is a scenario's redis section in JSON, which holds nothing secret.
// What does not shape the deployment is left out.
func described(r scenarios.Redis) string {
	raw, err := json.Marshal(shape(r))
	if err != nil {
		panic(err) // it is strings and numbers
	}
	return string(raw)
}

func shape(r scenarios.Redis) scenarios.Redis {
	r.Binary = ""
	if r.Auth != nil {
		r.Auth = &scenarios.Auth{Enabled: r.Auth.Enabled}
	}
	return r
}

// differences tells what of a deployment is not as a scenario has it.
func differences(there, here scenarios.Redis) []string {
	is, wanted := fields(described(there)), fields(described(here))
	var list []string
	all := maps.Clone(is)
	maps.Copy(all, wanted)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if is[name] != wanted[name] {
			list = append(list, fmt.Sprintf("redis.%s is %s there, and %s in the scenario", name, orNothing(is[name]), orNothing(wanted[name])))
		}
	}
	return list
}

// fields are the values in a JSON object, by their paths.
func fields(text string) map[string]string {
	var root map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &root) != nil {
		return nil
	}
	list := map[string]string{}
	for name, raw := range root {
		inner := fields(string(raw))
		if inner == nil {
			list[name] = string(raw)
		}
		for path, value := range inner {
			list[name+"."+path] = value
		}
	}
	return list
}

func orNothing(text string) string {
	if text == "" {
		return "not set"
	}
	return text
}
