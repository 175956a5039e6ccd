package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// Right is a verb on a resource in a namespace. Resource is written as in a Role, with its
// group after a dot ("statefulsets.apps") and a subresource after a slash ("pods/log"). Name
// is the only object that is meant; empty is all of them.
type Right struct {
	Verb, Resource, Name string
}

func (r Right) String() string {
	if r.Name != "" {
		return r.Verb + " " + r.Resource + " " + r.Name
	}
	return r.Verb + " " + r.Resource
}

// ErrRights says that the user may not do what a run needs.
var ErrRights = errors.New("missing rights")

// Check asks the API server whether this user has all rights in a namespace. An error that is
// ErrRights names each that is missing.
func (c *Cluster) Check(ctx context.Context, namespace string, rights []Right) error {
	var missing []string
	for _, r := range rights {
		ok, err := c.May(ctx, namespace, r)
		if err != nil {
			return err
		}
		if !ok {
			missing = append(missing, r.String())
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: this user may not %s in namespace %s", ErrRights, strings.Join(missing, ", "), namespace)
	}
	return nil
}

// May asks the API server whether this user has a right in a namespace, or in all of them and
// for what belongs to none if namespace is empty.
func (c *Cluster) May(ctx context.Context, namespace string, r Right) (bool, error) {
	resource, sub, _ := strings.Cut(r.Resource, "/")
	resource, group, _ := strings.Cut(resource, ".")
	review := &api.SelfSubjectAccessReview{Spec: api.SelfSubjectAccessReviewSpec{ResourceAttributes: &api.ResourceAttributes{
		Namespace: namespace, Verb: r.Verb, Group: group, Resource: resource, Subresource: sub, Name: r.Name,
	}}}
	answer, err := c.Client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, api.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("asking whether this user may %s: %w", r, err)
	}
	return answer.Status.Allowed, nil
}
