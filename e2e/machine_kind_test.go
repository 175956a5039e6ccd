//go:build e2e && kind && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/results"
)

// machineCluster is the kind cluster that slotstorm makes for these tests.
const machineCluster = "slotstorm-e2e-machine"

const machineDrill = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: machines}
cluster: {provider: kind, kind: {name: ` + machineCluster + `}}
redis:
  image: "redis:8.0"
  storage: {size: 64Mi}
  config: {cluster-node-timeout: 5000, repl-diskless-sync-delay: 0, save: "", appendonly: "yes"}
workload: {generators: 1, rate: 50, warmup: 1s, keys: {count: 1000}, audit: {rate: 20}}
timeline:
  phases: [{name: drills, duration: LENGTH}]
  faults:
`

// TestKindMachine breaks machines of a kind cluster that slotstorm made: each way is proved and
// healed, Redis fails over for every primary on the machine if a majority is elsewhere, and so
// are the generators.
// Then slotstorm is killed in the middle of it, once with the process that would mend the
// machine: it, and recover, have everything whole again for a later run.
func TestKindMachine(t *testing.T) {
	s := newSandbox(t)
	s.write("drill.yaml", "260s", `
    - {name: hangs, at: 5s, duration: 70s, allow: [majority-down], machine: {target: primary of shard 0}}
    - {name: cut, at: 120s, duration: 15s, allow: [majority-down], machine: {target: primary of shard 1, action: stop}}
    - {name: kubelet, at: 225s, duration: 10s, machine: {target: primary of shard 2, action: kubelet}}
`)
	s.write("cut-short.yaml", "120s", "    - {name: hangs, at: 2s, duration: 100s, allow: [majority-down], machine: {target: primary of shard 0}}\n")
	up, out, errs := s.command("up", "drill.yaml", "--name", "machines")
	up.Env = append(up.Env, "KIND_NODE_IMAGE="+os.Getenv("KIND_NODE_IMAGE"))
	t.Cleanup(func() {
		if code, out, errs := s.run("down", "machines", "--cluster", "kind"); code != 0 {
			t.Errorf("down: exit code %d: %s%s", code, out, errs)
		}
	})
	if err := up.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	before := look(t, s.dir)
	b := s.onKind(before, "drill.yaml", "--on", "machines")[0]
	behaved(t, b)
	for _, f := range b.Run.Faults {
		t.Logf("%s: %s; %s", f.Name, f.Proof, f.Healing)
		if len(f.Machines) != 1 || len(f.Machines[0].Nodes) == 0 || len(f.Nodes) != len(f.Machines[0].Nodes) {
			t.Fatalf("%s broke %+v", f.Name, f.Machines)
		}
		for _, g := range b.Run.Generators {
			if strings.HasSuffix(g.Place, " "+f.Machines[0].Name) {
				t.Errorf("%s broke %s, the machine of generator %+v", f.Name, f.Machines[0].Name, g)
			}
		}
		primaries := 0
		for _, h := range f.Nodes {
			if h.Role == "primary" {
				primaries++
			}
		}
		for _, h := range f.Nodes {
			failedOver := slices.ContainsFunc(b.Run.Summary.Failovers, func(v results.Failover) bool { return v.Fault == f.Name && v.From == h.Node && v.Completed() })
			if want := h.Role == "primary" && f.Deposes; failedOver != want && 2*primaries < len(b.Run.Shards) {
				t.Errorf("%s: a failover from %s (%s): %v", f.Name, h.Node, h.Role, failedOver)
			}
		}
	}
	if m := b.Run.Faults[0].Machines[0]; m.NotReady == 0 || m.Ready < m.NotReady {
		t.Errorf("Kubernetes took it for lost at %v, and for ready at %v", m.NotReady, m.Ready)
	}
	for _, keeperToo := range []bool{false, true} {
		s.killedAmidMachine(keeperToo)
	}
}

func (s *sandbox) write(name, length, faults string) {
	s.t.Helper()
	text := strings.Replace(machineDrill, "LENGTH", length, 1) + faults
	if err := os.WriteFile(filepath.Join(s.dir, "work", name), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// paused are the machines of the cluster that are.
func (s *sandbox) paused() []string {
	s.t.Helper()
	return strings.Fields(shell(s.t, "", "docker", "ps", "--filter", "status=paused", "--filter", "label=io.x-k8s.kind.cluster="+machineCluster, "--format", "{{.Names}}"))
}

// killedAmidMachine kills slotstorm while a machine is paused, alone or with the process that
// would mend it.
func (s *sandbox) killedAmidMachine(keeperToo bool) {
	s.t.Helper()
	if err := os.RemoveAll(filepath.Join(s.dir, "work", "results")); err != nil {
		s.t.Fatal(err)
	}
	cmd, out, errs := s.command("run", "cut-short.yaml", "--on", "machines")
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.until("a machine is paused", func() bool { return len(s.paused()) > 0 })
	if keeperToo {
		raw, err := exec.Command("pgrep", "-P", fmt.Sprint(cmd.Process.Pid), "-f", "agent mend").Output()
		if err != nil {
			s.t.Fatalf("nothing would mend the machine: %v\n%s%s", err, out, errs)
		}
		pid := 0
		if _, err := fmt.Sscan(string(raw), &pid); err != nil {
			s.t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if !keeperToo {
		s.until("the machine is mended", func() bool { return len(s.paused()) == 0 })
	}
	code, said, stderr := s.run("recover", s.bundle())
	want := map[bool]string{false: " was whole", true: " was broken (pause) and is mended"}[keeperToo]
	if code != 0 || !strings.Contains(said, want) || !strings.Contains(said, "is whole") || len(s.paused()) > 0 {
		s.t.Errorf("recover: exit code %d: %s%s; paused: %v", code, said, stderr, s.paused())
	}
}

// until waits until ok.
func (s *sandbox) until(what string, ok func() bool) {
	s.t.Helper()
	for limit := time.Now().Add(5 * time.Minute); !ok(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(limit) {
			s.t.Fatalf("not so: %s", what)
		}
	}
}

// TestKindMachineOfOthers expects the refusal of machines that slotstorm did not make, before
// anything is deployed.
func TestKindMachineOfOthers(t *testing.T) {
	s, cluster, kubectl := onKube(t, strings.Replace(machineDrill, "LENGTH", "20s", 1)+"    - {name: cut, at: 1s, duration: 5s, machine: {target: primary of shard 0}}\n")
	if k, _, err := kind.Find(t.Context(), cluster); err != nil || k.Own(t.Context()) == nil {
		t.Skipf("%s was made by slotstorm (%v)", cluster, err)
	}
	code, out, errs := s.run("run", "scenario.yaml", "--set", "cluster.kind.name="+cluster)
	if code != 3 || out != "" || !strings.Contains(errs, "slotstorm has not made it") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if left := kubectl("", "get", "namespaces", "-l", "slotstorm.dev/run", "-o", "name"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}
