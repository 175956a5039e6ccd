package kube

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	_, err := c.Client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &v1.SelfSubjectReview{}, metav1.CreateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil
	}
	return err
}

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}
