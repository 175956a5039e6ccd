package facts

import (
	"github.com/slotstorm/slotstorm/results"
)

// Unread reports whether not every audited write could be read back.
func Unread(au *results.Audit) bool { return au.ReadBack < au.Writes || au.Unread != "" }
