package api

import (
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

type APIStatus = errors.APIStatus

func IsAlreadyExists(err error) bool { return errors.IsAlreadyExists(err) }

func IsConflict(err error) bool { return errors.IsConflict(err) }

func IsForbidden(err error) bool { return errors.IsForbidden(err) }

func IsNotFound(err error) bool { return errors.IsNotFound(err) }

func IsTooManyRequests(err error) bool { return errors.IsTooManyRequests(err) }

func IsUnauthorized(err error) bool { return errors.IsUnauthorized(err) }

func NewConflict(resource schema.GroupResource, name string, err error) error {
	return errors.NewConflict(resource, name, err)
}

func NewForbidden(resource schema.GroupResource, name string, err error) error {
	return errors.NewForbidden(resource, name, err)
}

func NewAlreadyExists(resource schema.GroupResource, name string) error {
	return errors.NewAlreadyExists(resource, name)
}

func NewNotFound(resource, name string) error {
	return errors.NewNotFound(schema.GroupResource{Resource: resource}, name)
}

// NewTooManyRequests is the answer to what may be asked again, with its cause.
func NewTooManyRequests(message, cause string) error {
	err := errors.NewTooManyRequests(message, 10)
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, StatusCause{Message: cause})
	return err
}
