package recount

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

func TestValuesAreReadOnce(t *testing.T) {
	writes := []results.Write{
		{Key: "a", Kind: results.KindOnce}, {Key: "l", Kind: results.KindList}, {Key: "l", Kind: results.KindList},
		{Key: "r", Kind: results.KindRegister}, {Key: "gone", Kind: results.KindOnce},
	}
	for _, c := range []struct{ name, answers, refused string }{
		{"every key", "run:1\n=end=\n-> Redirected to slot [3094] located at 127.0.1.4:6379\nrun:2\nrun:3\n=end=\n\n=end=\n", ""},
		{"an error", "run:1\n=end=\nCLUSTERDOWN The cluster is down\n\n=end=\n\n=end=\n", "l: CLUSTERDOWN The cluster is down"},
		{"an end", "run:1\n=end=\nrun:2\n", "1 answers to 3 commands"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := ""
			values, err := Values(t.Context(), writes, func(_ context.Context, commands string) (string, error) {
				asked = commands
				return c.answers, nil
			})
			if want := "GET a\nECHO =end=\nLRANGE l 0 -1\nECHO =end=\nGET gone\nECHO =end=\n"; asked != want {
				t.Errorf("asked\n%s, want\n%s", asked, want)
			}
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("error %v, want %q", err, c.refused)
				}
				return
			}
			if err != nil || !slices.Equal(values["a"], []string{"run:1"}) || !slices.Equal(values["l"], []string{"run:2", "run:3"}) || len(values["gone"]) != 0 {
				t.Errorf("values %v, error %v", values, err)
			}
		})
	}
}
