package pods

import (
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
)

// unprivileged has a pod run as a user that is not root, and its volumes belong to it.
// Where the cluster assigns users, none is stated.
func unprivileged(user int64, assigned bool) *api.PodSecurityContext {
	yes := true
	c := &api.PodSecurityContext{
		RunAsNonRoot:   &yes,
		SeccompProfile: &api.SeccompProfile{Type: api.SeccompProfileTypeRuntimeDefault},
	}
	if !assigned {
		c.RunAsUser, c.RunAsGroup, c.FSGroup = &user, &user, &user
	}
	return c
}

// applied is the same for objects that are applied.
func applied(c *api.PodSecurityContext) *apply.PodSecurityContextApplyConfiguration {
	a := apply.PodSecurityContext().WithRunAsNonRoot(*c.RunAsNonRoot).WithSeccompProfile(apply.SeccompProfile().WithType(c.SeccompProfile.Type))
	a.RunAsUser, a.RunAsGroup, a.FSGroup = c.RunAsUser, c.RunAsGroup, c.FSGroup
	return a
}
