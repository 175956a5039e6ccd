package facts

import (
	"github.com/slotstorm/slotstorm/results"
)

func Unread(au *results.Audit) bool { return au.ReadBack < au.Writes || au.Unread != "" }
