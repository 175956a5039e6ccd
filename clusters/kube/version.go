package kube

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

func parseVersion(raw []byte) (string, error) {
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return "", err
	}
	if v.GitVersion == "" {
		return "", errors.New("it tells no version")
	}
	return v.GitVersion, nil
}

// authenticated asks the API server who we are. Every user who is somebody may
// ask; a server too old for the question is one that lets us in or not later.
func (c *Cluster) authenticated(ctx context.Context) error {
	_, err := c.Client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &api.SelfSubjectReview{}, api.CreateOptions{})
	if api.IsNotFound(err) || api.IsForbidden(err) {
		return nil
	}
	return err
}

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}
