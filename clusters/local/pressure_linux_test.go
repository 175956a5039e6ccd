package local

import (
	"cmp"
	"testing"
	"testing/fstest"
)

func TestWhatIsLeftOfAContainersBound(t *testing.T) {
	files := func(of map[string]string) fstest.MapFS {
		m := fstest.MapFS{}
		for name, content := range of {
			m[name] = &fstest.MapFile{Data: []byte(content)}
		}
		return m
	}
	for name, tc := range map[string]struct {
		group fstest.MapFS
		want  int64  // -1 for an error
		in    string // of /proc/self/cgroup; empty is the root of both versions
	}{
		"version 2": {files(map[string]string{"memory.max": "268435456\n", "memory.current": "20000000\n",
			"memory.stat": "anon 4000000\ninactive_file 5000000\nactive_file 1000000\n"}), 253435456, ""},
		"version 2 without a bound": {files(map[string]string{"memory.max": "max\n", "memory.current": "20000000\n", "memory.stat": ""}), -1, ""},
		"version 1": {files(map[string]string{"memory/memory.limit_in_bytes": "268435456\n", "memory/memory.usage_in_bytes": "20000000\n",
			"memory/memory.stat": "inactive_file 7\ntotal_inactive_file 5000000\n"}), 253435456, ""},
		// What the kernel says of a group without a bound: more than any machine has.
		"version 1 without a bound": {files(map[string]string{"memory/memory.limit_in_bytes": "9223372036854771712\n", "memory/memory.usage_in_bytes": "20000000\n",
			"memory/memory.stat": "total_inactive_file 0\n"}), 9223372036834771712, ""},
		"no control group":        {files(nil), -1, ""},
		"a use that is not known": {files(map[string]string{"memory.max": "268435456\n"}), -1, ""},
		"the group above has the bound": {files(map[string]string{"ci.slice/memory.max": "268435456\n", "ci.slice/memory.current": "20000000\n", "ci.slice/memory.stat": "",
			"ci.slice/job/memory.max": "max\n", "memory.stat": ""}), 248435456, "0::/ci.slice/job\n"},
		"a group inside has less left": {files(map[string]string{"memory.max": "900000000\n", "memory.current": "20000000\n", "memory.stat": "",
			"job/memory.max": "268435456\n", "job/memory.current": "20000000\n", "job/memory.stat": ""}), 248435456, "0::/job\n"},
		"a group of the machine that the container does not show": {files(map[string]string{"memory/memory.limit_in_bytes": "268435456\n", "memory/memory.usage_in_bytes": "20000000\n",
			"memory/memory.stat": ""}), 248435456, "5:cpu,memory:/docker/0123\n0::/\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := freeIn(tc.group, cmp.Or(tc.in, "4:memory:/\n0::/\n"))
			if err != nil {
				got = -1
			}
			if got != tc.want {
				t.Errorf("%d, want %d: %v", got, tc.want, err)
			}
		})
	}
}
