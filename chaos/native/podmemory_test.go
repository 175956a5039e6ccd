package native

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/chaos/agent"
)

func TestWhatAContainerCanSpare(t *testing.T) {
	const mib = 1 << 20
	bound := func(free int64) *int64 { return &free }
	for name, tc := range map[string]struct {
		before    agent.Strain
		size, all int64
		want      string // in the error; empty if there is none
	}{
		"no bound":                       {agent.Strain{Free: 8192 * mib}, 64 * mib, 128 * mib, ""},
		"within the bound":               {agent.Strain{Free: 8192 * mib, FreeHere: bound(242 * mib)}, 64 * mib, 64 * mib, ""},
		"up to what must stay":           {agent.Strain{Free: 8192 * mib, FreeHere: bound(96 * mib)}, 64 * mib, 64 * mib, ""},
		"one byte beyond":                {agent.Strain{Free: 8192 * mib, FreeHere: bound(96*mib - 1)}, 64 * mib, 64 * mib, "its container has 95 MiB available and keeps 32 MiB free: 64 MiB cannot be taken"},
		"beyond the bound":               {agent.Strain{Free: 8192 * mib, FreeHere: bound(242 * mib)}, 300 * mib, 300 * mib, "its container has 242 MiB"},
		"all pods beyond their machine":  {agent.Strain{Free: 1024 * mib}, 300 * mib, 1800 * mib, "its machine has 1024 MiB available"},
		"each bound kept, not the whole": {agent.Strain{Free: 1024 * mib, FreeHere: bound(512 * mib)}, 300 * mib, 1800 * mib, "1800 MiB in all cannot be taken"},
	} {
		t.Run(name, func(t *testing.T) {
			err := spared(tc.before, tc.size, tc.all)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
