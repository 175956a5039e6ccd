package words

import "testing"

func TestClasses(t *testing.T) {
	got := Classes(map[string]int{"dial": 3658, "CLUSTERDOWN": 970, "eof": 3, "new": 3})
	if want := "cannot connect 3,658, CLUSTERDOWN 970, connection closed 3, new 3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
