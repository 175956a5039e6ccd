package results

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Version 1 of the bundle had only words for what version 2 has fields for. The
// functions of this file complete what is read of it, from the scenario in run.json
// wherever that says it, and from a text where there is nothing else. No other code
// reads those texts.

// complete gives the faults of a run of version 1 their Traits. They follow from
// Kind and the scenario; the text is read only for the signal of a kill that the
// scenario does not name.
func (r *Run) complete() {
	if r.SchemaVersion != 1 || len(r.Faults) == 0 {
		return
	}
	var s scenario1
	// A run without a readable scenario has Kind and Detail alone.
	_ = json.Unmarshal(r.Scenario, &s)
	for i := range r.Faults {
		f := &r.Faults[i]
		stated := s.fault(f.Name)
		f.Traits = traits1(f.Kind)
		f.Engine = "builtin"
		if stated.Engine == "chaosmesh" {
			f.Engine = stated.Engine
		}
		if f.Kind == "kill" {
			f.Signal = stated.Kill.Signal
			if f.Signal == "" {
				f.Signal, _, _ = strings.Cut(f.Detail, " ")
			}
			f.Asked = f.Signal == "SIGTERM"
		}
	}
}

// traits1 are those of the kinds of faults that version 1 knew.
func traits1(kind string) Traits {
	switch kind {
	case "kill":
		return Traits{Takes: TakesProcess, Deposes: true}
	case "pause":
		return Traits{Takes: TakesTime, Lasts: true, Deposes: true, Signal: "SIGSTOP"}
	case "isolate":
		return Traits{Takes: TakesNetwork, Lasts: true, Deposes: true, Disconnects: true}
	case "partition":
		return Traits{Takes: TakesNetwork, Lasts: true, Disconnects: true}
	case "delay", "loss", "bandwidth":
		return Traits{Takes: TakesNetwork, Lasts: true}
	case "failover":
		return Traits{Takes: TakesRole, Deposes: true, Asked: true}
	case "cpu":
		return Traits{Takes: TakesTime, Lasts: true}
	case "memory":
		return Traits{Takes: TakesMemory, Lasts: true}
	case "diskFull", "slowDisk":
		return Traits{Takes: TakesDisk, Lasts: true}
	case "drain":
		return Traits{Takes: TakesProcess, Lasts: true, Deposes: true, Gradual: true, Asked: true}
	case "restart":
		return Traits{Takes: TakesProcess, Deposes: true, Gradual: true, Rolls: true, Asked: true}
	}
	return Traits{}
}

// scenario1 is the part of a scenario that says more of a fault than its record.
type scenario1 struct {
	Timeline struct {
		Faults []fault1 `json:"faults"`
	} `json:"timeline"`
}

type fault1 struct {
	Name   string `json:"name"`
	Engine string `json:"engine"`
	Kill   struct {
		Signal string `json:"signal"`
	} `json:"kill"`
	Repeat *struct{} `json:"repeat"`
}

// fault is the scenario's fault with a name of the run, in which a repeated one has
// a number behind it.
func (s scenario1) fault(name string) fault1 {
	for _, f := range s.Timeline.Faults {
		number, numbered := strings.CutPrefix(name, f.Name+"-")
		if _, err := strconv.Atoi(number); f.Name == name || numbered && f.Repeat != nil && err == nil {
			return f
		}
	}
	return fault1{}
}

// UnmarshalJSON reads an event, of version 1 too: that had stages, phases and the
// ways of an upgrade in the message alone.
func (e *Event) UnmarshalJSON(b []byte) error {
	type plain Event
	if err := json.Unmarshal(b, (*plain)(e)); err != nil {
		return err
	}
	switch {
	case e.Kind == EventStage && e.Stage == "":
		e.Stage = e.Message
		if name, ok := strings.CutPrefix(e.Message, "phase: "); ok {
			e.Stage, e.Phase = StagePhase, name
		}
	case (e.Kind == EventUpgradeBegin || e.Kind == EventUpgradeEnd) && e.Roll == "":
		e.Roll, _, _ = strings.Cut(e.Message, " ")
	}
	return nil
}

// UnmarshalJSON reads an entry, of version 1 too: that had the context in Why, and
// namespace and deployment as its nodes.
func (e *JournalEntry) UnmarshalJSON(b []byte) error {
	type plain JournalEntry
	if err := json.Unmarshal(b, (*plain)(e)); err != nil {
		return err
	}
	name, ok := strings.CutPrefix(e.Why, "context ")
	if ok && e.Step == "place" && e.Kubernetes == nil && len(e.Nodes) == 2 {
		e.Kubernetes = &KubernetesPlace{Context: name, Namespace: e.Nodes[0], Deployment: e.Nodes[1]}
	}
	return nil
}

// UnmarshalJSON reads versions, also of older bundles, which had the version of Redis
// as "redis".
func (v *Versions) UnmarshalJSON(b []byte) error {
	type plain Versions
	if err := json.Unmarshal(b, (*plain)(v)); err != nil {
		return err
	}
	if v.Server != (Server{}) {
		return nil
	}
	var old struct {
		Redis Server `json:"redis"`
	}
	if err := json.Unmarshal(b, &old); err != nil {
		return err
	}
	v.Server = old.Redis
	return nil
}

// ambiguous is what bundles say of every Valkey, from before slotstorm read which
// product a server is. Redis has that version too.
var ambiguous = Server{ProductRedis, "7.2.4"}

// server1 is the server of a run that a record names. Where the record cannot
// distinguish Redis from Valkey, the nodes' own INFO decides, which read gives.
func server1(recorded Server, nodes []Node, read func(file string) ([]byte, error)) Server {
	if recorded != ambiguous {
		return recorded
	}
	for _, n := range nodes {
		// A bundle without the file, or with something else in its place, keeps what
		// its record says.
		info, err := read("nodes/" + n.Name + ".before.txt")
		if s := ServerOfInfo(string(info)); err == nil && s.Version != "" {
			return s
		}
	}
	return recorded
}
