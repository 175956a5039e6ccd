package main

import (
	"cmp"
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
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) doctorVerb() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "check whether slotstorm can run here or on Kubernetes, and how to mend it",
		UsageText: examples("slotstorm doctor", "slotstorm doctor --cluster kube --context staging", "slotstorm doctor shop.yaml --context staging --json"),
		ArgsUsage: "[SCENARIO]",
		Description: "Checks redis-server, Docker, the kubeconfig, cores, memory and open files. Also creates\n" +
			"Linux namespaces and an nftables table, to check that this is possible. In the output,\n" +
			"'warn' means that some scenarios may not work on this machine. 'fail' means that no\n" +
			"local run can work; only then is the exit code 3.\n\n" +
			"With --cluster kube, or a scenario that runs in a Kubernetes cluster, it asks that\n" +
			"cluster instead, right by right, what the user of the context may do, and changes\n" +
			"nothing there. 'warn' is then a right that only makes the report better, and 'fail' what\n" +
			"a run needs. The default scenario is kill-primary.",
		Flags:  append(clusterFlags("set cluster.provider to `PROVIDER`: local, kind or kube"), contextFlag()),
		Action: p.doctor,
	}
}

func (p *program) doctor(c *cli.Context) error {
	s, err := examined(c)
	if err != nil {
		return err
	}
	if limit, ok := openFiles(); ok && limit < leastFiles {
		// Every other check would fail for this, and name another reason.
		return p.found([]finding{{"open files", statusFail, fmt.Sprintf("%d are too few to check anything else", limit), fmt.Sprintf("ulimit -n %d", wantFiles)}})
	}
	switch {
	case s.Cluster.Provider == "kind":
		docker := p.checkDocker(c.Context)
		if docker.Status != statusOK {
			docker.Status, docker.Mend = statusFail, "install Docker and start it"
		}
		return p.found(append([]finding{docker}, checkMachine()...))
	case s.Cluster.Provider == "kube", s.Cluster.Provider == scenarios.Attach && s.Cluster.Attach.Pods():
		return p.found(checkKubernetes(c.Context, s, c.String("context")))
	}
	list := []finding{p.checkRedis(c.Context)}
	list = append(list, p.checkRoom(c.Context)...)
	list = append(list, p.checkDocker(c.Context), p.checkKubeconfig(c.Context))
	return p.found(append(list, checkMachine()...))
}

// examined is the scenario to check for.
func examined(c *cli.Context) (*scenarios.Scenario, error) {
	if c.NArg() > 1 {
		return nil, usagef("slotstorm doctor takes one scenario at most, but got %d: %s", c.NArg(), strings.Join(c.Args().Slice(), " "))
	}
	set := overrides(c)
	if c.IsSet("context") && !c.IsSet("cluster") && c.NArg() == 0 {
		set = append(set, "cluster.provider=kube")
	}
	s, err := scenarios.Load(cmp.Or(c.Args().First(), "kill-primary"), set...)
	if err != nil {
		return nil, unreadable(err)
	}
	if c.IsSet("context") && (s.Cluster.Provider == "local" || s.Cluster.Provider == "kind") {
		return nil, usagef("--context names a cluster of the kubeconfig, but the scenario runs with cluster.provider %s: use --cluster kube", s.Cluster.Provider)
	}
	return s, nil
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
		Action: func(*cli.Context) error {
			probe, err := probeRoom()
			if err != nil {
				return err
			}
			return p.printJSON(probe)
		},
	}
}

// checkRoom makes a room of namespaces and tries in it what scenarios do.
func (p *program) checkRoom(ctx context.Context) []finding {
	out, err := askInRoom(ctx, probeVerb)
	if err != nil {
		return []finding{
			{"namespaces", statusWarn, fmt.Sprintf("refused: %v; nodes will run on plain loopback", err), mendNamespaces()},
			{"nftables", statusWarn, "not checked, because it needs namespaces: faults of networks and disks are not available", ""},
		}
	}
	var got roomProbe
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		return []finding{{"namespaces", statusWarn, fmt.Sprintf("the check inside printed no JSON: %v", err), ""}}
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
