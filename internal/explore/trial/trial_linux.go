package trial

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// attributes keep a terminal's Ctrl-C from the run, and end the run with this process.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// processesOf are the command lines of the processes that work in a folder, or have temp
// as their temporary folder.
func processesOf(dir, temp string) []string {
	var list []string
	all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is right
	for _, p := range all {
		cwd, _ := os.Readlink(filepath.Join(p, "cwd")) // gone, or of another user
		env, _ := os.ReadFile(filepath.Join(p, "environ"))
		if strings.HasPrefix(cwd, dir+"/") || bytes.Contains(env, []byte("TMPDIR="+temp+"\x00")) {
			line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
			if state, err := os.ReadFile(filepath.Join(p, "stat")); err == nil && !bytes.Contains(state, []byte(") Z ")) {
				list = append(list, strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")))
			}
		}
	}
	return list
}
