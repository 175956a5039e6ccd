// Package shape makes packets late, rare or few: a model decides the fate of each
// packet that a queue of the kernel (NFQUEUE) holds, and a process of its own carries
// the decisions out.
//
//	Link ─▶ line (fate of a packet, pure) ─▶ holding (ordered by due time) ─▶ Serve (reads the queues)
//
// If that process ends, for whatever reason, the kernel lets all packets pass at once:
// rules send packets to a queue only while somebody reads it.
package shape

import (
	"errors"
	"time"
)

// Link is the condition of a network, in one direction. Its zero value changes
// nothing. Fields combine.
type Link struct {
	// Latency is added to the way of each packet.
	Latency time.Duration `json:"latency,omitempty"`
	// Jitter varies the latency, by Distribution. A latency is never below 0.
	Jitter       time.Duration `json:"jitter,omitempty"`
	Distribution Distribution  `json:"distribution,omitempty"`
	// Correlation is that of the latencies of two packets in a row, 0 up to below 1.
	Correlation float64 `json:"correlation,omitempty"`
	// Loss is the share of packets that are lost, 0 to 1.
	Loss float64 `json:"loss,omitempty"`
	// Burst is the mean number of packets that are lost in a row, at least 1; 0 is
	// independent losses.
	Burst float64 `json:"burst,omitempty"`
	// Reorder is the share of packets that arrive later than their successors, by
	// Behind, 0 to 1. The others keep their order within a connection.
	Reorder float64       `json:"reorder,omitempty"`
	Behind  time.Duration `json:"behind,omitempty"`
	// Rate bounds the bytes per second; 0 is no bound. Packets beyond it wait, and are
	// lost once Buffer is full.
	Rate float64 `json:"rate,omitempty"`
	// Buffer is how many bytes wait for the rate.
	Buffer int `json:"buffer,omitempty"`
}

// Distribution is how latencies vary.
type Distribution string

// The distributions. Jitter is the half width of uniform, and the standard deviation of
// the others. Pareto has shape 3, and its mean at Latency, as in tc-netem(8): most
// packets are a little early, a few are very late.
const (
	Uniform Distribution = "uniform"
	Normal  Distribution = "normal"
	Pareto  Distribution = "pareto"
)

// check refuses what is no link.
func (l Link) check() error {
	share := func(f float64) bool { return f >= 0 && f <= 1 }
	switch {
	case l.Latency < 0 || l.Jitter < 0 || l.Behind < 0:
		return errors.New("a negative time")
	case l.Correlation < 0 || l.Correlation >= 1:
		return errors.New("a correlation outside of 0 to 1")
	case !share(l.Loss) || !share(l.Reorder):
		return errors.New("a share outside of 0 to 1")
	case l.Burst != 0 && l.Burst < 1:
		return errors.New("bursts of less than one packet")
	case l.Burst != 0 && l.Loss > MostLoss(l.Burst):
		return errors.New("more loss than bursts of this length allow")
	case l.Rate < 0 || l.Rate > 0 && l.Buffer < MostPacket:
		return errors.New("a buffer that cannot hold a packet")
	}
	return nil
}

// MostPacket is the most bytes that an IPv4 packet can have. Loopback carries segments
// of TCP in packets of up to this size.
const MostPacket = 65535

// MostLoss is the highest share of loss that bursts of a mean length can have: each
// burst ends with at least one packet that arrives.
func MostLoss(burst float64) float64 { return burst / (burst + 1) }
