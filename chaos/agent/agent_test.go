//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// rescueEnv, if set, has this program be a rescuer: "PID DURATION".
const rescueEnv = "SLOTSTORM_TEST_RESCUE"

// TestMain runs the tests in a sealed room, whose network can be cut.
func TestMain(m *testing.M) {
	if text := os.Getenv(rescueEnv); text != "" {
		os.Exit(rescuer(text))
	}
	inside, err := local.Inside()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if inside {
		os.Exit(m.Run())
	}
	room, code, entered, err := local.Enter(local.Auto, nil, nil)
	if err == nil && !entered {
		err = fmt.Errorf("these tests need a sealed room: %s", room)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func rescuer(text string) int {
	pid, after, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(pid)
	if err != nil {
		return 1
	}
	d, err := time.ParseDuration(after)
	if err != nil || Release(context.Background(), n, d) != nil {
		return 1
	}
	return 0
}

func rescue(pid int, after time.Duration) error {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %v", rescueEnv, pid, after))
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

type pipes struct {
	*io.PipeReader
	*io.PipeWriter
}

func (p pipes) Close() error {
	return errors.Join(p.PipeReader.Close(), p.PipeWriter.Close())
}

// served is a connection to an agent; end ends the agent, and waits until it has.
func served(t *testing.T, rescue Rescue) (c *Conn, end func()) {
	t.Helper()
	in, input := io.Pipe()
	output, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := Serve(t.Context(), in, out, rescue)
		if errors.Is(err, io.ErrClosedPipe) {
			err = nil // the other side has left
		}
		done <- err
	}()
	c, err := NewConn(t.Context(), pipes{output, input})
	if err != nil {
		t.Fatal(err)
	}
	return c, func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func listen(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.1.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return netip.MustParseAddrPort(l.Addr().String())
}

// here is the address that the kernel dials 127.0.1.1 from, and 127.0.1.1.
var here = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.1.1")}

func dialled(t *testing.T, c *Conn, to netip.AddrPort, limit time.Duration) Outcome {
	t.Helper()
	seen, err := c.Dial(t.Context(), []netip.AddrPort{to}, limit)
	if err != nil {
		t.Fatal(err)
	}
	return seen[0]
}

// A silent port takes the whole time of a dial. An open one, and one that refuses, may take
// some of it on a busy machine.
const (
	toBeSilent = 200 * time.Millisecond
	toBeOpen   = 20 * time.Second
)

func TestRulesEndByThemselvesWithoutTheAgent(t *testing.T) {
	to := listen(t)
	c, end := served(t, nil)
	if got := dialled(t, c, to, toBeOpen); got != Open {
		t.Fatalf("before: %s", got)
	}
	at := time.Now()
	const limit = 2 * time.Second
	if err := c.Cut(t.Context(), "f", []local.Rule{{From: here, To: here, Do: local.Drop}}, limit); err != nil {
		t.Fatal(err)
	}
	if got := dialled(t, c, to, toBeSilent); got != Silent {
		t.Errorf("during: %s", got)
	}
	if names, err := c.Cuts(t.Context()); err != nil || !slices.Equal(names, []string{"f"}) {
		t.Errorf("in force: %v %v", names, err)
	}
	end()
	// Nothing of slotstorm is there any more.
	if got := Try(t.Context(), netip.Addr{}, to, 200*time.Millisecond); got != Silent && time.Since(at) < limit {
		t.Errorf("without the agent: %s", got)
	}
	for Try(t.Context(), netip.Addr{}, to, 100*time.Millisecond) != Open {
		if time.Since(at) > limit+3*time.Second {
			t.Fatal("the rules outlive their limit")
		}
	}
	if held := time.Since(at); held < limit {
		t.Errorf("they held for %v", held)
	}
	names, err := local.Cuts()
	if err != nil || len(names) > 0 {
		t.Errorf("in force: %v %v", names, err)
	}
	if err := local.Mend("f"); err != nil {
		t.Error(err)
	}
}

func TestRulesAreMendedAndCounted(t *testing.T) { mendedAndCounted(t, listen(t), here) }

// TestRulesOfIPv6: pods may have addresses of it alone. Rules of both versions have one name.
func TestRulesOfIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	mendedAndCounted(t, netip.MustParseAddrPort(l.Addr().String()), append(here, netip.IPv6Loopback()))
}

func mendedAndCounted(t *testing.T, to netip.AddrPort, here []netip.Addr) {
	t.Helper()
	c, end := served(t, nil)
	defer end()
	for verdict, want := range map[local.Verdict]Outcome{local.Drop: Silent, local.Reject: Refused} {
		if err := c.Cut(t.Context(), "f", []local.Rule{{From: here, To: here, Do: verdict}}, time.Minute); err != nil {
			t.Fatal(err)
		}
		limit := toBeOpen
		if want == Silent {
			limit = toBeSilent
		}
		if got := dialled(t, c, to, limit); got != want {
			t.Errorf("%s: %s", verdict, got)
		}
		if names, err := c.Cuts(t.Context()); err != nil || !slices.Equal(names, []string{"f"}) {
			t.Errorf("in force: %v %v", names, err)
		}
		if dropped, err := c.Mend(t.Context(), "f"); err != nil || dropped == nil || *dropped == 0 {
			t.Errorf("%s: dropped %v, %v", verdict, dropped, err)
		}
		if got := dialled(t, c, to, toBeOpen); got != Open {
			t.Errorf("after %s: %s", verdict, got)
		}
	}
}

func TestAProcessGoesOnWithoutTheAgent(t *testing.T) {
	pid := sleeper(t)
	c, end := served(t, rescue)
	at := time.Now()
	const limit = 2 * time.Second
	if err := c.Stop(t.Context(), pid, limit); err != nil {
		t.Fatal(err)
	}
	until := func(want bool) {
		t.Helper()
		for {
			stopped, err := local.Stopped(pid)
			if err != nil {
				t.Fatal(err)
			}
			if stopped == want {
				return
			}
			if time.Since(at) > limit+time.Minute {
				t.Fatalf("stopped is %t after %v", stopped, time.Since(at))
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	until(true)
	if stopped, err := c.Stopped(t.Context(), pid); err != nil || !stopped {
		t.Errorf("the agent says %t, %v", stopped, err)
	}
	end()
	until(false)
	if held := time.Since(at); held < limit {
		t.Errorf("it went on after %v", held)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("the process is gone: %v", err)
	}
}

func TestWhatTheAgentCannotDoIsTold(t *testing.T) {
	c, end := served(t, nil)
	defer end()
	if _, err := c.Stopped(t.Context(), 1<<30); err == nil || !strings.Contains(err.Error(), "process 1073741824") {
		t.Errorf("%v", err)
	}
	if err := c.Continue(t.Context(), 1<<30); err == nil {
		t.Error("no process was sent a signal")
	}
	if c.Broken() {
		t.Error("the connection is broken by what was sent over it")
	}
}

func TestAConnectionThatWasLeftIsBroken(t *testing.T) {
	c, end := served(t, nil)
	defer end()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	silent := netip.MustParseAddrPort("127.0.1.1:1")
	if err := local.Cut("g", []local.Rule{{From: here, To: here, Do: local.Drop}}, time.Minute); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := local.Mend("g"); err != nil {
			t.Error(err)
		}
	}()
	if _, err := c.Dial(ctx, []netip.AddrPort{silent}, 300*time.Millisecond); err == nil {
		t.Error("it answered in time")
	}
	if !c.Broken() {
		t.Error("what comes next would read the answer to what came before")
	}
}

// sleeper is a process that does nothing.
func sleeper(t *testing.T) (pid int) {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

// eventually waits until ok says nothing any more.
func eventually(t *testing.T, ok func() error) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal(err)
		}
	}
}

func TestWhatIsTakenIsGivenBack(t *testing.T) {
	for name, limit := range map[string]time.Duration{"the connection ends": time.Minute, "its time is over": 500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			c, hangUp := served(t, nil)
			pid := sleeper(t)
			before, err := c.Strain(t.Context(), pid)
			if err != nil || c.PID() != os.Getpid() {
				t.Fatalf("before: %+v %v, agent %d", before, err, c.PID())
			}
			last := before.Processors[len(before.Processors)-1]
			if err := c.Press(t.Context(), Pressure{PID: pid, Processor: last, Workers: 2, Memory: 8 << 20, Limit: limit}); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error {
				now, err := c.Strain(t.Context(), pid)
				switch {
				case err != nil:
					return err
				case limit < time.Minute && (now.Held > 0 || !slices.Equal(now.Processors, before.Processors)):
					return fmt.Errorf("not given back: %+v, before %+v", now, before)
				case limit == time.Minute && (now.Held < 8<<20 || !slices.Equal(now.Processors, []int{last}) || now.Worked < before.Worked+100*time.Millisecond):
					return fmt.Errorf("taken: %+v, before %+v", now, before)
				}
				return nil
			})
			hangUp()
			if after, err := local.Affinity(pid); err != nil || !slices.Equal(after, before.Processors) {
				t.Errorf("it may use processors %v (%v), and could use %v", after, err, before.Processors)
			}
		})
	}
}

func TestAnotherAgentIsEnded(t *testing.T) {
	c, end := served(t, nil)
	defer end()
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		gone, err := c.End(t.Context(), other.Process.Pid)
		if err == nil && !gone {
			_ = other.Wait() // it is gone once somebody has looked at how it ended
			err = errors.New("it is still there")
		}
		return err
	})
}

func TestWhatCannotBeTakenLeavesNothingTaken(t *testing.T) {
	c, end := served(t, nil)
	defer end()
	if err := c.Press(t.Context(), Pressure{PID: 1 << 30, Memory: 8 << 20, Workers: 1, Limit: time.Minute}); err == nil {
		t.Error("a process that does not exist was held to a processor")
	}
	if now, err := c.Strain(t.Context(), os.Getpid()); err != nil || now.Held > 0 {
		t.Errorf("%+v %v", now, err)
	}
}
