package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Network names the network that this process is in: its namespace.
func Network() (string, error) {
	name, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		return "", fmt.Errorf("naming the network: %w", err)
	}
	return name, nil
}

// Remains lists the processes that are left of a run: those whose working folder
// is in a folder, and those in a network, by its name; an empty one is none.
// Processes of other users, which a run cannot have started, are not looked into.
func Remains(folder, network string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing the processes: %w", err)
	}
	var list []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// One that ends meanwhile has no links to read.
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		ns, _ := os.Readlink(filepath.Join("/proc", e.Name(), "ns/net"))
		if strings.HasPrefix(cwd+"/", folder+"/") || network != "" && ns == network {
			list = append(list, pid)
		}
	}
	return list, nil
}
