// Package apply builds objects for server-side apply. Kubernetes has the builders
// in packages that are all called v1: here each has one name that needs no import
// alias. A file has the builders of one of those packages that slotstorm uses.
package apply
