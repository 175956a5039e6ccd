package pods

import (
	"errors"
	"net/http"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
)

// ErrNotDone marks an act on a pod that surely did not take place. Any other error may have
// come after the act.
var ErrNotDone = errors.New("not done")

// undone is an error that is ErrNotDone as well, with the text of its own.
type undone struct{ error }

func (u undone) Unwrap() []error { return []error{u.error, ErrNotDone} }

func notDone(err error) error { return undone{err} }

// denied reports whether the API server has answered that it does not do what was requested,
// by its own rules or by those of an admission webhook. After an internal error or a timeout
// it may have done it.
func denied(err error) bool {
	var status api.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	code := status.Status().Code
	return code >= http.StatusBadRequest && code < http.StatusInternalServerError
}
