package pods

import (
	"context"
	"fmt"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

func (o *Objects) apply(ctx context.Context, c *kube.Cluster, namespace string, how api.ApplyOptions) error {
	if _, err := c.Client.CoreV1().ConfigMaps(namespace).Apply(ctx, o.Config, how); err != nil {
		return fmt.Errorf("applying the ConfigMap %s: %w", *o.Config.Name, err)
	}
	if _, err := c.Client.CoreV1().Secrets(namespace).Apply(ctx, o.Secret, how); err != nil {
		return fmt.Errorf("applying the Secret %s: %w", *o.Secret.Name, err)
	}
	for _, s := range o.Services {
		if _, err := c.Client.CoreV1().Services(namespace).Apply(ctx, s, how); err != nil {
			return fmt.Errorf("applying the Service %s: %w", *s.Name, err)
		}
	}
	if _, err := c.Client.PolicyV1().PodDisruptionBudgets(namespace).Apply(ctx, o.Budget, how); err != nil {
		return fmt.Errorf("applying the PodDisruptionBudget %s: %w", *o.Budget.Name, err)
	}
	for _, s := range o.Sets {
		if _, err := c.Client.AppsV1().StatefulSets(namespace).Apply(ctx, s, how); err != nil {
			return fmt.Errorf("applying the StatefulSet %s: %w", *s.Name, err)
		}
	}
	return nil
}
