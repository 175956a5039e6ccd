package kube

import (
	"errors"
	"testing"
)

// Each right that is missing is named as it stands in a Role.
func TestMissingRightsAreNamed(t *testing.T) {
	c, objects := cluster()
	rights := []Right{{Verb: "list", Resource: "pods"}, {Verb: "get", Resource: "pods/log"}, {Verb: "list", Resource: "statefulsets.apps"}, {Verb: "get", Resource: "secrets", Name: "redis"}}
	for _, tc := range []struct {
		without map[string]bool
		want    string
	}{
		{nil, ""},
		{map[string]bool{"get pods/log": true}, "missing rights: this user may not get pods/log in namespace shop"},
		{map[string]bool{"list statefulsets.apps": true, "get secrets": true}, "missing rights: this user may not list statefulsets.apps, get secrets redis in namespace shop"},
	} {
		objects.Permit(func(right string) bool { return !tc.without[right] })
		err := c.Check(t.Context(), "shop", rights)
		if tc.want == "" && err != nil || tc.want != "" && (!errors.Is(err, ErrRights) || err.Error() != tc.want) {
			t.Errorf("without %v: %v", tc.without, err)
		}
	}
}
