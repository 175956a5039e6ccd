package kube

import (
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// Names that slotstorm writes onto objects.
const (
	// Manager is the field manager of server-side apply.
	Manager = "slotstorm"
	// RunLabel holds the short id of the run that an object belongs to.
	RunLabel = "slotstorm.dev/run"
	// RunAnnotation is the whole id, on namespaces.
	RunAnnotation = "slotstorm.dev/run-id"
	// PreparedLabel, with the value "true", marks a namespace that an
	// administrator has set aside for slotstorm.
	PreparedLabel = "slotstorm.dev/prepared"
	// DeploymentLabel holds the name under which a deployment is kept.
	DeploymentLabel = "slotstorm.dev/deployment"

	// CordonAnnotation holds the short id of the run that has cordoned a machine.
	CordonAnnotation = "slotstorm.dev/cordoned-by"

	uidAnnotation  = "slotstorm.dev/namespace-uid"
	keptAnnotation = "slotstorm.dev/kept"
	madeAnnotation = "slotstorm.dev/made"
)

// ShortID is the part of a run's id that distinguishes runs: its time and its
// random end, in lower case.
func ShortID(runID string) string {
	parts := strings.Split(strings.ToLower(runID), "-")
	return strings.Join(parts[max(0, len(parts)-2):], "-")
}

// NamespaceOf is the name of the namespace that a run makes.
func NamespaceOf(runID string) string { return "slotstorm-" + ShortID(runID) }

// EnforceLabel is where a namespace says which Pod Security Standard its pods are
// held to.
const EnforceLabel = "pod-security.kubernetes.io/enforce"

// nobody is the uid of an object that does not exist.
const nobody types.UID = "00000000-0000-0000-0000-000000000000"
