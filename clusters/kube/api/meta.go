package api

import "k8s.io/apimachinery/pkg/apis/meta/v1"

type (
	ApplyOptions       = v1.ApplyOptions
	CreateOptions      = v1.CreateOptions
	DeleteOptions      = v1.DeleteOptions
	GetOptions         = v1.GetOptions
	ListOptions        = v1.ListOptions
	ManagedFieldsEntry = v1.ManagedFieldsEntry
	Object             = v1.Object
	ObjectMeta         = v1.ObjectMeta
	OwnerReference     = v1.OwnerReference
	PatchOptions       = v1.PatchOptions
	Status             = v1.Status
	StatusCause        = v1.StatusCause
	StatusDetails      = v1.StatusDetails
	Time               = v1.Time
	UpdateOptions      = v1.UpdateOptions
	TypeMeta           = v1.TypeMeta
)

const DryRunAll = v1.DryRunAll

func NewUIDPreconditions(uid string) *v1.Preconditions { return v1.NewUIDPreconditions(uid) }

func NowMicro() v1.MicroTime { return v1.NowMicro() }
