package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/chaos/shape"
	"github.com/slotstorm/slotstorm/clusters/kind"
)

// agentVerb is started by faults, in pods and in sealed rooms. It is hidden.
func (p *program) agentVerb() *cli.Command {
	return &cli.Command{
		Name:      "agent",
		Usage:     "carry out the steps of a fault; 'slotstorm run' starts this verb: do not start it yourself",
		Hidden:    true,
		ArgsUsage: "stay | serve | shape | release | mend",
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "for", Usage: "stay, or wait before the release or the mending, for `DURATION`"},
			&cli.IntFlag{Name: "pid", Usage: "the `PROCESS` to release"},
			&cli.StringFlag{Name: "machine", Usage: "the `CONTAINER` of a kind cluster to mend"},
			&cli.StringFlag{Name: "action", Usage: "the `ACTION` that broke it"},
		},
		Action: p.agent,
	}
}

func (p *program) agent(c *cli.Context) error {
	switch what := strings.Join(c.Args().Slice(), " "); {
	case what == "stay":
		ctx, release := p.abrupt(c.Context)
		defer release()
		select {
		case <-ctx.Done():
		case <-time.After(c.Duration("for")):
		}
		return nil
	case what == "serve":
		return agent.Serve(c.Context, os.Stdin, p.data, rescue)
	case what == "shape":
		return shape.Serve(c.Context, os.Stdin, p.data)
	case what == "release" && c.Int("pid") > 1 && c.Duration("for") > 0:
		return agent.Release(c.Context, c.Int("pid"), c.Duration("for"))
	case what == "mend" && c.String("machine") != "" && c.Duration("for") > 0:
		return kind.Machine{Name: c.String("machine"), ID: c.String("machine")}.Keep(context.Background(), c.String("action"), c.Duration("for"), os.Stdin, p.data)
	}
	return usagef("slotstorm agent is started by a fault: stay, serve, shape, release --pid PROCESS --for DURATION, or mend --machine CONTAINER --action ACTION --for DURATION")
}

// rescue starts this program in a session of its own, so that it outlives its parent.
func rescue(pid int, after time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the program's own file: %w", err)
	}
	cmd := exec.Command(self, "agent", "release", "--pid", strconv.Itoa(pid), "--for", after.String())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", self, err)
	}
	return cmd.Process.Release()
}
