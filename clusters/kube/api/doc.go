// Package api holds the types, constants and tests of errors of the Kubernetes API
// that slotstorm uses. Kubernetes has them in packages that are all called v1 or
// errors: here each has one name that needs no import alias. A file has the names
// of one of those packages, and each name means what it means there.
package api
