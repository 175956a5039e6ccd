package workload

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slotstorm/slotstorm/results"
)

func ms(n int) results.Millis { return results.Millis(time.Duration(n) * time.Millisecond) }

func TestWatch(t *testing.T) {
	g := gap{failing: 30 * time.Millisecond, silent: time.Second, merge: 50 * time.Millisecond}
	good := func(at int) func(*watch) { return func(w *watch) { w.good(0, ms(at), "n") } }
	bad := func(sent, done int, class string) func(*watch) {
		return func(w *watch) { w.bad(0, ms(sent), ms(done), class) }
	}
	for _, tc := range []struct {
		name  string
		steps []func(*watch)
		end   int
		want  []results.Outage
	}{
		{"nothing but good writes", []func(*watch){good(0), good(5), good(10)}, 20, nil},
		{"a replica refuses meanwhile", []func(*watch){good(0), bad(1, 2, "dial"), good(5), bad(6, 7, "dial"), good(10)}, 12, nil},
		{
			"an outage",
			[]func(*watch){good(0), good(5), bad(9, 10, "dial"), bad(94, 95, "dial"), bad(98, 99, "CLUSTERDOWN"), good(105)},
			200,
			[]results.Outage{{From: ms(5), To: ms(105), Uncertainty: ms(7), Errors: map[string]int{"dial": 2, "CLUSTERDOWN": 1}, Node: "n"}},
		},
		{"bad before the first good", []func(*watch){bad(0, 1, "dial"), good(100), good(105)}, 110, nil},
		{
			"silence",
			[]func(*watch){good(0), good(1500)},
			1600,
			[]results.Outage{{From: 0, To: ms(1500), Uncertainty: ms(1500), Errors: map[string]int{}, Node: "n"}},
		},
		{
			"two close together are one",
			[]func(*watch){good(0), bad(8, 10, "dial"), good(100), bad(108, 110, "eof"), good(150)},
			200,
			[]results.Outage{{From: 0, To: ms(150), Uncertainty: ms(92), Errors: map[string]int{"dial": 1, "eof": 1}, Node: "n"}},
		},
		{
			"one that does not end",
			[]func(*watch){good(0), bad(4, 5, "dial"), bad(195, 196, "dial")},
			200,
			[]results.Outage{{From: 0, To: ms(200), Open: true, Uncertainty: ms(5), Errors: map[string]int{"dial": 2}}},
		},
		{"a late reply does not turn time back", []func(*watch){good(0), good(100), good(40), good(105)}, 110, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWatch(1, g)
			for _, step := range tc.steps {
				step(w)
			}
			if diff := cmp.Diff(tc.want, w.end(ms(tc.end))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
