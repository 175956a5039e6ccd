package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
)

// finding is what one check found. Fail means that the local provider cannot
// run at all; warn that something is missing that some scenarios need.
type finding struct {
	Name   string `json:"name"`
	Status status `json:"status"`
	Detail string `json:"detail"`
	// Mend says how to fix what is missing.
	Mend string `json:"mend,omitempty"`
}

type status string

const (
	statusOK   status = "ok"
	statusWarn status = "warn"
	statusFail status = "fail"
)

func (s status) style() console.Style {
	return map[status]console.Style{statusOK: console.Green, statusWarn: console.Yellow, statusFail: console.Red}[s]
}

func (p *program) doctorVerb() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "check whether this machine can run slotstorm, and print a fix for each problem",
		UsageText: examples("slotstorm doctor", "slotstorm doctor --json"),
		Description: "Checks redis-server, Docker, the kubeconfig, cores, memory and open files. Also creates\n" +
			"Linux namespaces and an nftables table, to check that this is possible. In the output,\n" +
			"'warn' means that some scenarios may not work on this machine. 'fail' means that no\n" +
			"local run can work; only then is the exit code 3.",
		Action: p.doctor,
	}
}

func (p *program) doctor(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	if limit, ok := openFiles(); ok && limit < leastFiles {
		// Every other check would fail for this, and name another reason.
		return p.found([]finding{{"open files", statusFail, fmt.Sprintf("%d are too few to check anything else", limit), fmt.Sprintf("ulimit -n %d", wantFiles)}})
	}
	list := []finding{p.checkRedis(c.Context)}
	list = append(list, p.checkRoom(c.Context)...)
	list = append(list, p.checkDocker(c.Context), p.checkKubeconfig(c.Context))
	return p.found(append(list, checkMachine()...))
}

// found prints the findings, and returns the exit code as an error.
func (p *program) found(list []finding) error {
	failed := false
	for _, f := range list {
		failed = failed || f.Status == statusFail
	}
	switch {
	case p.json:
		if err := p.printJSON(list); err != nil {
			return err
		}
	case !p.quiet:
		p.showFindings(list)
	}
	if failed {
		return &exit{code: exitEnvironment}
	}
	return nil
}

func (p *program) showFindings(list []finding) {
	for _, f := range list {
		fmt.Fprintf(p.out, "%s  %-14s %s\n", console.Paint(p.colorOut, f.Status.style(), fmt.Sprintf("%-4s", f.Status)), f.Name, printable.Line(f.Detail))
		if f.Mend != "" {
			fmt.Fprintf(p.out, "      %-14s %s\n", "", console.Paint(p.colorOut, console.Cyan, "fix: ")+printable.Line(f.Mend))
		}
	}
}

// ask runs another program and gives what it says on standard output.
func ask(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out, err := local.Ask(ctx, name, args...)
	return strings.TrimSpace(out), err
}

func (p *program) checkRedis(ctx context.Context) finding {
	f := finding{Name: "redis-server", Status: statusFail, Mend: installRedis()}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		f.Detail = "not on PATH"
		return f
	}
	out, err := ask(ctx, path, "--version")
	if err != nil {
		f.Detail = fmt.Sprintf("%s does not print its version: %v", path, err)
		return f
	}
	s, ok := results.ServerOfOutput(out)
	if !ok {
		f.Detail = fmt.Sprintf("%s prints %q, which has no version", path, out)
		return f
	}
	f.Detail = fmt.Sprintf("%s at %s", s, path)
	switch {
	case !s.AtLeast(6, 2):
		f.Detail += "; 6.2 or later is needed"
	case !s.AtLeast(7, 0):
		f.Status, f.Detail = statusWarn, f.Detail+"; 7.0 or later is recommended"
	default:
		f.Status, f.Mend = statusOK, ""
	}
	return f
}

func installRedis() string {
	if runtime.GOOS == "darwin" {
		return "brew install redis"
	}
	return "as root: apt-get install redis-server, or the package of your system; or set redis.binary to a path"
}

const probeVerb = "__probe"

// probeVerb runs inside the namespaces that checkRoom makes.
func (p *program) probeVerb() *cli.Command {
	return &cli.Command{
		Name:   probeVerb,
		Hidden: true,
		Action: func(*cli.Context) error { return p.printJSON(probeRoom()) },
	}
}

// checkRoom makes a room of namespaces and tries in it what scenarios do.
func (p *program) checkRoom(ctx context.Context) []finding {
	out, err := askInRoom(ctx, probeVerb)
	if err != nil {
		return []finding{
			{"namespaces", statusWarn, fmt.Sprintf("refused: %v; nodes will run on plain loopback", err), mendNamespaces()},
			{"nftables", statusWarn, "not checked, because it needs namespaces: network faults are not available", ""},
		}
	}
	var got roomProbe
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		return []finding{{"namespaces", statusWarn, fmt.Sprintf("the check inside printed no JSON: %v", err), ""}}
	}
	if got.Loopback != "" {
		return []finding{{"namespaces", statusWarn, "allowed, but the loopback interface inside cannot be set up: " + got.Loopback, ""}}
	}
	list := []finding{{"namespaces", statusOK, "user, network, PID and mount namespaces are allowed", ""}}
	if os.Geteuid() == 0 {
		list[0].Detail = "network, PID and mount namespaces are allowed (root needs no user namespace)"
	}
	nft := finding{"nftables", statusOK, "a table can be created in a network namespace", ""}
	if got.NFTables != "" {
		nft = finding{"nftables", statusWarn, "network faults are not available: " + got.NFTables, "as root: modprobe nf_tables"}
	}
	queues := finding{"queues", statusOK, "packets can be delayed, lost and held back (NFQUEUE)", ""}
	if got.Queues != "" {
		queues = finding{"queues", statusWarn, "delay, loss and bandwidth are not available: " + got.Queues, "as root: modprobe -a nfnetlink_queue xt_NFQUEUE nft_compat"}
	}
	return append(list, nft, queues)
}

func (p *program) checkDocker(ctx context.Context) finding {
	f := finding{Name: "docker", Status: statusWarn, Mend: "not needed for the local provider; otherwise install Docker and start it"}
	if _, err := exec.LookPath("docker"); err != nil {
		f.Detail = "not on PATH"
		return f
	}
	out, err := ask(ctx, "docker", "version", "--format", "client {{.Client.Version}}, server {{.Server.Version}}")
	if err != nil {
		f.Detail = fmt.Sprintf("the client is installed, but the server does not answer: %v", err)
		return f
	}
	return finding{"docker", statusOK, out, ""}
}

func (p *program) checkKubeconfig(ctx context.Context) finding {
	f := finding{Name: "kubeconfig", Status: statusWarn, Mend: "not needed for the local provider; otherwise set KUBECONFIG, or run kubectl config use-context NAME"}
	list := filepath.SplitList(p.getenv("KUBECONFIG"))
	if len(list) == 0 {
		list = []string{filepath.Join(p.getenv("HOME"), ".kube", "config")}
	}
	f.Detail = "not found at " + strings.Join(list, ", ")
	for _, path := range list {
		raw, err := bounded.ReadFile(ctx, path, bounded.Bound{What: "a kubeconfig", Bytes: 16 << 20, Patience: askTimeout})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			f.Detail = err.Error()
			return f
		}
		var config struct {
			Current string `yaml:"current-context"`
		}
		if err := yaml.Unmarshal(raw, &config); err != nil {
			f.Detail = path + " is not a kubeconfig: it is not valid YAML"
			return f
		}
		if config.Current != "" {
			return finding{"kubeconfig", statusOK, fmt.Sprintf("context %s in %s", config.Current, path), ""}
		}
		f.Detail = path + " has no current context"
	}
	return f
}

// checkMachine checks cores, memory and open files, as far as the system reports them.
func checkMachine() []finding {
	cores := finding{"cores", statusOK, strconv.Itoa(runtime.NumCPU()), ""}
	if runtime.NumCPU() < wantCores {
		cores.Status, cores.Mend = statusWarn, "with one core, load and nodes disturb each other: use a low workload.rate"
	}
	list := []finding{cores}
	if total, free, ok := memory(); ok {
		f := finding{"memory", statusOK, fmt.Sprintf("%.1f GiB, %.1f GiB available", gib(total), gib(free)), ""}
		if free < wantMemory {
			f.Status, f.Mend = statusWarn, "a run of six nodes needs about 1 GiB: stop other programs"
		}
		list = append(list, f)
	}
	if limit, ok := openFiles(); ok {
		f := finding{"open files", statusOK, strconv.FormatUint(limit, 10), ""}
		if limit < wantFiles {
			f.Status, f.Mend = statusWarn, fmt.Sprintf("ulimit -n %d", wantFiles)
		}
		list = append(list, f)
	}
	return list
}

func gib(bytes uint64) float64 { return float64(bytes) / (1 << 30) }
