package facts

import "github.com/slotstorm/slotstorm/results"

// Rolls are the ways of an upgrade by name, in order.
func Rolls(u *results.Upgrade) []NamedRoll {
	if u == nil {
		return nil
	}
	list := []NamedRoll{{"upgrade", &u.Forward}}
	if u.Back != nil {
		list = append(list, NamedRoll{"rollback", u.Back})
	}
	return list
}

// NamedRoll is one way of an upgrade: upgrade or rollback.
type NamedRoll struct {
	Name string
	*results.Roll
}
