//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestFewOpenFiles: each verb works, or says in one sentence what is too low and how
// to raise it. Go and the FUSE library open 8 files before main.
func TestFewOpenFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limit int
		verb  string
		code  exitCode
		says  string
	}{
		{10, "version", exitOK, ""},
		{10, "list", exitOK, ""},
		{10, "validate steady", exitOK, ""},
		{10, "doctor", exitEnvironment, "10 are too few"},
		{40, "validate steady", exitOK, ""},
		{10, "load 127.0.0.1:1", exitEnvironment, "the limit of open files is 10, but at least 74 are needed"},
		{40, "load 127.0.0.1:1", exitEnvironment, "the limit of open files is 40, but at least 74 are needed"},
		{10, "run steady", exitEnvironment, "the limit of open files is 10"},
		{40, "run steady", exitEnvironment, "the limit of open files is 40, but at least 148 are needed: raise it with 'ulimit -n 4096'"},
		{40, "run steady --set cluster.local.isolation=none", exitEnvironment, "the limit of open files is 40"},
		{40, "capacity steady", exitEnvironment, "the limit of open files is 40"},
	} {
		t.Run(fmt.Sprintf("%d %s", c.limit, c.verb), func(t *testing.T) {
			cmd := slotstorm(t, strings.Fields(c.verb)...)
			cmd.Args = append([]string{"/bin/sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, c.limit), cmd.Path}, cmd.Args[1:]...)
			cmd.Path = "/bin/sh"
			out, err := cmd.CombinedOutput()
			if code := shellCode(err); code != int(c.code) || !strings.Contains(string(out), c.says) {
				t.Errorf("exit code %d\n%s", code, out)
			}
			for _, bad := range []string{"goroutine ", "namespaces", "pipe2"} {
				if strings.Contains(string(out), bad) {
					t.Errorf("%q in\n%s", bad, out)
				}
			}
		})
	}
}
