//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slotstorm/slotstorm/results"
)

// The processor of the generator and the hogs, and that of Redis.
func processors() (generator, servers int) { return 0, runtime.NumCPU() - 1 }

// The niceness of the generator: against ten hogs it leaves 3 % of the processor, a
// quarter or less of what the loads of these tests need. An equal share, 9 %, is
// enough for wire on a fast machine, and in time.
const niceness = 5

// forThreads calls f with every thread of a process. A thread may end meanwhile.
func forThreads(t *testing.T, pid int, f func(thread int) error) {
	t.Helper()
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/[0-9]*")
	if err != nil || len(threads) == 0 {
		t.Fatalf("threads of %d: %v", pid, err)
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(filepath.Base(thread))
		if err != nil {
			t.Fatal(err)
		}
		if err := f(id); err != nil && err != unix.ESRCH {
			t.Fatal(err)
		}
	}
}

// pin binds every thread of a process to a processor.
func pin(t *testing.T, pid, processor int) {
	t.Helper()
	var set unix.CPUSet
	set.Set(processor)
	forThreads(t, pid, func(thread int) error { return unix.SchedSetaffinity(thread, &set) })
}

// hogs takes a processor with a few processes that never wait, and gives what
// ends them. The kernel ends each after two seconds of processor time, whatever
// becomes of the test.
func hogs(t *testing.T, processor int) (end func()) {
	t.Helper()
	var list []*exec.Cmd
	end = func() {
		for _, cmd := range list {
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()
		}
		list = nil
	}
	t.Cleanup(end)
	for range 10 {
		cmd := exec.Command("sh", "-c", "ulimit -t 2; while :; do :; done")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		list = append(list, cmd)
		pin(t, cmd.Process.Pid, processor)
	}
	return end
}

// awaitEnd waits for slotstorm to end. After a minute it makes slotstorm print its
// goroutines, and kills it.
func awaitEnd(t *testing.T, cmd *exec.Cmd, errs fmt.Stringer) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // its exit code is looked at by the caller
	}()
	select {
	case <-done:
		return
	case <-time.After(time.Minute):
	}
	list := append([]int{cmd.Process.Pid}, children(t, cmd.Process.Pid)...)
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		for _, pid := range list {
			_ = syscall.Kill(pid, signal) // it may have ended
		}
		select {
		case <-done:
		case <-time.After(5 * time.Second):
		}
	}
	<-done
	t.Fatalf("it did not end within a minute: %s", errs)
}

// starved checks that the reason is a generator without enough processor time.
func starved(t *testing.T, code int, reason string) {
	t.Helper()
	if code != 5 || !strings.Contains(reason, "the load generator was the limit: ") || !strings.Contains(reason, "; the generator ") {
		t.Errorf("exit code %d: %s", code, reason)
	}
}

// gets is the line of a server's statistics about GET.
func gets(t *testing.T, addr string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("INFO commandstats\r\nQUIT\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	_, of, _ := strings.Cut(string(answer), "cmdstat_get:")
	line, _, _ := strings.Cut(of, "\r\n")
	return line
}

// Other processes take the generator's processor, not that of Redis: what load
// prints is called invalid, and why.
func TestAStarvedLoadIsInvalid(t *testing.T) {
	addr, server := redisServer(t)
	generator, servers := processors()
	pin(t, server, servers)
	for _, args := range [][]string{
		// More than the share of the processor that is left can carry: what needs
		// less gets that in time, and is not starved.
		{"--client", "wire", "--rate", "20000"},
		{"--client", "go-redis", "--rate", "5000"},
		{"--client", "wire", "--clients", "8"},
		{"--client", "go-redis", "--clients", "8"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			s := newSandbox(t)
			cmd, out, errs := s.command(append([]string{"load", addr, "--test-time", "5s", "--json"}, args...)...)
			// Bound before it starts, so that Go counts the one processor that it has.
			cmd.Args = append([]string{"nice", "-n", strconv.Itoa(niceness), "taskset", "-c", strconv.Itoa(generator), cmd.Path}, cmd.Args[1:]...)
			if cmd.Path, cmd.Err = exec.LookPath("nice"); cmd.Err != nil {
				t.Fatal(cmd.Err)
			}
			before := gets(t, addr)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { return gets(t, addr) != before })
			end := hogs(t, generator)
			awaitEnd(t, cmd, errs)
			end()
			var answer struct {
				Invalid   string
				Generator *results.SelfCheck
			}
			if err := json.Unmarshal(out.Bytes(), &answer); err != nil || answer.Generator == nil {
				t.Fatalf("%v: %s %s", err, out, errs)
			}
			starved(t, cmd.ProcessState.ExitCode(), answer.Invalid)
			for _, c := range answer.Generator.Checks {
				t.Logf("%+v", c)
			}
			if !strings.Contains(errs.String(), answer.Invalid) || answer.Generator.Valid {
				t.Errorf("standard error: %s", errs)
			}
		})
	}
}

// The same for whole scenarios: never a slow server.
func TestAStarvedGeneratorIsInvalid(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	generator, servers := processors()
	for client, rate := range map[string]string{"go-redis": "5000", "wire": "20000"} {
		t.Run(client, func(t *testing.T) {
			s := newSandbox(t)
			cmd, out, errs := s.command("run", "steady", "--json", "--set", "workload.client={type: "+client+"}", "--set", "workload.rate="+rate, "--set", "workload.warmup=1s",
				"--set", "timeline.phases=[{name: steady, duration: 6s}]")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s.awaitSteady()
			inner := child(t, cmd.Process.Pid)
			for _, node := range children(t, inner) {
				pin(t, node, servers)
			}
			pin(t, inner, generator)
			forThreads(t, inner, func(thread int) error { return unix.Setpriority(unix.PRIO_PROCESS, thread, niceness) })
			end := hogs(t, generator)
			time.Sleep(6 * time.Second)
			end() // what comes after the load is not to be waited for
			awaitEnd(t, cmd, errs)
			var answer struct{ Summary *results.Summary }
			if err := json.Unmarshal(out.Bytes(), &answer); err != nil || answer.Summary == nil {
				t.Fatalf("%v: %s %s", err, out, errs)
			}
			sum := answer.Summary
			if len(sum.Reasons) == 0 {
				t.Fatalf("verdict %s without a reason", sum.Verdict)
			}
			starved(t, cmd.ProcessState.ExitCode(), sum.Reasons[0])
			if sum.Verdict != results.Invalid || sum.Generator == nil || sum.Generator.Valid {
				t.Errorf("verdict %s: %v", sum.Verdict, sum.Reasons)
			}
		})
	}
}

// awaitSteady waits until the only run is in its phase steady.
func (s *sandbox) awaitSteady() {
	s.t.Helper()
	await(s.t, func() bool {
		events, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*", "events.jsonl"))
		if err != nil || len(events) != 1 {
			return false
		}
		raw, err := os.ReadFile(events[0])
		return err == nil && strings.Contains(string(raw), "phase: steady")
	})
}

// TestAStoppedGeneratorIsInvalid takes the processor away from slotstorm, but not
// from Redis, for a second: the report must not show a slow server.
func TestAStoppedGeneratorIsInvalid(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, client := range []string{"go-redis", "wire"} {
		t.Run(client, func(t *testing.T) {
			s := newSandbox(t)
			cmd, out, errs := s.command("run", "steady", "--json", "--set", "workload.client={type: "+client+"}", "--set", "workload.rate=200", "--set", "workload.warmup=1s",
				"--set", "timeline.phases=[{name: steady, duration: 5s}]")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s.awaitSteady()
			inner := child(t, cmd.Process.Pid)
			if err := syscall.Kill(inner, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if err := syscall.Kill(inner, syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			awaitEnd(t, cmd, errs)
			var answer struct{ Summary *results.Summary }
			if err := json.Unmarshal(out.Bytes(), &answer); err != nil || answer.Summary == nil {
				t.Fatalf("%v: %s %s", err, out, errs)
			}
			sum := answer.Summary
			if code := cmd.ProcessState.ExitCode(); code != 5 || sum.Verdict != results.Invalid || !strings.HasPrefix(sum.Reasons[0], "the load generator was the limit") {
				t.Errorf("exit code %d, verdict %s: %v", code, sum.Verdict, sum.Reasons)
			}
			for _, l := range sum.Latency {
				if l.Phase == "steady" && l.Command == "all" && l.Time == results.Slip && l.P99.Std() < 500*time.Millisecond {
					t.Errorf("slip p99 is %v", l.P99)
				}
			}
		})
	}
}
