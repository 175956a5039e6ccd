package results

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// NodeSample is a line of nodes/NAME.info.jsonl: what a node said of itself at one
// moment. The first is from before the load and the last two from after the cluster has
// settled; between them are those on both sides of each restart and of each change of
// role, and those from the end of the load.
type NodeSample struct {
	// Moment is one of the moments; empty for one during the load.
	Moment string `json:"moment,omitempty"`
	// Asked and Answered enclose the moment that Info is of.
	Asked    Duration `json:"askedMs"`
	Answered Duration `json:"answeredMs"`
	// Info are sections of INFO as the node wrote them, with line breaks alone:
	// Server, Stats, Replication, Commandstats, Errorstats.
	Info string `json:"info"`
}

// Moments of a NodeSample.
const (
	MomentBefore  = "before load" // after prefill, before the first request
	MomentAfter   = "after load"  // all requests and probes have ended
	MomentSettled = "settled"     // the cluster is whole, and the audited keys are read back
)

// SamplesFile is the name of the file of a node's samples.
func SamplesFile(node string) string { return "nodes/" + node + ".info.jsonl" }

// SaveSamples writes the samples of a node.
func (w *Writer) SaveSamples(node string, list []NodeSample) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, s := range list {
		if err := enc.Encode(s); err != nil {
			return fmt.Errorf("writing %s: %w", SamplesFile(node), err)
		}
	}
	return WriteFile(w.Path(SamplesFile(node)), out.Bytes())
}
