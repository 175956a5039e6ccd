// Package starter writes the first scenario of a user's own from the answers to six
// questions: where the nodes run, how many, the rate, the requests, the fault, and the
// acceptable outage.
package starter

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// FileName is the file of a scenario whose name the user does not choose.
const FileName = "my-scenario.yaml"

// Answers are what a scenario is written from. Defaults gives a complete set.
type Answers struct {
	// Name is the name of the scenario, a label.
	Name string
	// Place is a provider of scenarios.Providers.
	Place string
	// Context is the context of the kubeconfig with the place kube; empty for the current one.
	Context string
	// Address is a node of the cluster with the place attach.
	Address string
	// Shards and Replicas of each shard; not used with the place attach.
	Shards, Replicas int
	// Rate is in requests per second.
	Rate float64
	// Profile is a profile of scenarios.Profiles, or General.
	Profile string
	// Fault is one of FaultsAt, or empty for the first of them.
	Fault string
	// Outage is the longest acceptable outage of a shard.
	Outage time.Duration
}

// Defaults are the answers of a user who chooses nothing.
func Defaults() Answers {
	return Answers{Name: "my-scenario", Place: "local", Address: "127.0.0.1:6379", Shards: 3, Replicas: 1, Rate: 500, Profile: General, Outage: 10 * time.Second}
}

// Named is a in a scenario for a file: its name without folder and ending, as a label.
func (a Answers) Named(file string) Answers {
	base := filepath.Base(file)
	var label strings.Builder
	for _, r := range strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base))) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			label.WriteRune(r)
		} else {
			label.WriteByte('-')
		}
	}
	name := strings.Trim(label.String(), "-")
	if len(name) > longestLabel {
		name = strings.TrimRight(name[:longestLabel], "-")
	}
	if name != "" {
		a.Name = name
	}
	return a
}

// longestLabel is how long the name of a scenario may be.
const longestLabel = 50

//go:embed scenario.yaml.tmpl
var text string

// Write is the scenario, with comments. The answers may come from anybody: the error says
// what is wrong with them.
func Write(a Answers) ([]byte, error) {
	if a.Fault == "" {
		a.Fault = FaultsAt(a.Place)[0].Name
	}
	for _, f := range FaultsAt(a.Place) {
		if f.Name == a.Fault && f.Needs > a.Replicas && a.Place != scenarios.Attach {
			return nil, fmt.Errorf("the fault %s needs at least one replica of each shard", a.Fault)
		}
	}
	t, err := template.New("scenario").Funcs(template.FuncMap{"quote": quote}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the template of a scenario: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, draft{a}); err != nil {
		return nil, fmt.Errorf("writing the scenario: %w", err)
	}
	if _, err := scenarios.Parse(a.Name+".yaml", b.Bytes()); err != nil {
		return nil, fmt.Errorf("the answers make no valid scenario: %w", err)
	}
	return b.Bytes(), nil
}

// quote writes a text as YAML reads it, whatever it holds. JSON is YAML.
func quote(text string) (string, error) {
	b, err := json.Marshal(text)
	return string(b), err
}

// draft derives from answers what the template writes.
type draft struct{ Answers }

// Requests is the rate as YAML.
func (d draft) Requests() string { return strconv.FormatFloat(d.Rate, 'f', -1, 64) }

// Audit is the rate of audited writes per second, a tenth of the load: at least 10, so that
// a loss is seen, and at most 100.
func (d draft) Audit() int { return int(min(100, max(10, d.Rate/10))) }

// MaxSlip is the lateness of the generator that the bounds of outages allow: a tenth of them.
func (d draft) MaxSlip() time.Duration { return min(50*time.Millisecond, d.Outage/10) }

// Calm is how many seconds of load precede the fault: 10, or as many as it takes to send half
// as many requests again as a verdict needs.
func (d draft) Calm() int {
	return max(10, int(math.Ceil(1.5*scenarios.SteadyRequests/d.Rate)))
}

// Whole is how many seconds a load without a fault lasts.
func (d draft) Whole() int { return max(30, d.Calm()) }

// Attached is true of a cluster that slotstorm does not deploy.
func (d draft) Attached() bool { return d.Place == scenarios.Attach }

// Roll is true of a rolling restart by slotstorm, node by node.
func (d draft) Roll() bool { return d.Fault == Rolling && d.Place == "local" }

// FailsOver is true if a replica takes over in the run.
func (d draft) FailsOver() bool {
	return d.Fault == Failover || d.Replicas > 0 && (d.Fault == Kill || d.Fault == Pause || d.Fault == Cut)
}

// Most is how many lost writes the scenario accepts. A node that loses its role without
// warning loses what its replica does not have yet. A primary that is cut off acknowledges
// writes of the clients on its side, half of all, until cluster-node-timeout is over: 2 s,
// and as long again until it notices.
func (d draft) Most() int {
	switch d.Fault {
	case Kill, Pause:
		return 50
	case Cut:
		return 2 * d.Audit()
	}
	return 0
}

// Middle is the length in seconds of the phase with the fault: long enough for the fault
// itself, and to see an outage that is longer than the accepted one.
func (d draft) Middle() int {
	least := 15
	if d.Fault == Rolling {
		each := 4 // a restart, a synchronisation, and the pause between two nodes
		if d.Place != "local" {
			each = 14 // a pod that ends, starts again, and becomes ready
		}
		least = max(least, each*d.Shards*(1+d.Replicas))
	}
	return max(least, int(math.Ceil(d.Outage.Seconds()))+10)
}
