package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/clusters/local"
)

// askInRoom runs this program with verb in new namespaces, as a run does, and
// gives what it says. Root tries without a user namespace first.
func askInRoom(ctx context.Context, verb string) (string, error) {
	const flags = unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWNS
	if os.Geteuid() == 0 {
		if out, err := askWith(ctx, flags, verb); err == nil {
			return out, nil
		}
	}
	return askWith(ctx, flags|unix.CLONE_NEWUSER, verb)
}

func askWith(ctx context.Context, flags uintptr, verb string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, verb)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if flags&unix.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", errors.Join(err, errors.New(strings.TrimSpace(said.String())))
	}
	return string(out), nil
}

// probeRoom finishes a room as a run does, and tries in it what scenarios need of the network.
func probeRoom() (roomProbe, error) {
	if err := local.Furnish(); err != nil {
		return roomProbe{}, err
	}
	return roomProbe{NFTables: said(tryNFTables()), Queues: said(native.CanShape())}, nil
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// tryNFTables makes a table and removes it again.
func tryNFTables() error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("opening nftables: %w", err)
	}
	table := conn.AddTable(&nftables.Table{Name: "slotstorm-probe", Family: nftables.TableFamilyINet})
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("adding a table: %w", err)
	}
	conn.DelTable(table)
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("deleting a table: %w", err)
	}
	return nil
}

// mendNamespaces looks for the switch that turns namespaces off.
func mendNamespaces() string {
	for _, s := range []struct{ key, bad, good string }{
		{"kernel.unprivileged_userns_clone", "0", "1"},
		{"kernel.apparmor_restrict_unprivileged_userns", "1", "0"},
		{"user.max_user_namespaces", "0", "10000"},
	} {
		raw, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(s.key, ".", "/"))
		if err == nil && strings.TrimSpace(string(raw)) == s.bad {
			return fmt.Sprintf("as root: sysctl -w %s=%s", s.key, s.good)
		}
	}
	return "run outside of a container or chroot, or give the container CAP_SYS_ADMIN; the local provider also works without namespaces"
}

// memory is the machine's and what is available of it, in bytes.
func memory() (total, available uint64, ok bool) {
	raw, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, 0, false
	}
	read := func(key string) uint64 {
		_, rest, _ := strings.Cut("\n"+string(raw), "\n"+key+":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return 0
		}
		kib, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil {
			return 0
		}
		return kib << 10
	}
	total, available = read("MemTotal"), read("MemAvailable")
	return total, available, total > 0
}
