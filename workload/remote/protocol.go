// Package remote drives load from generators in other processes, such as pods.
//
//	controller                                            generator
//	Fleet.Driver ─▶ link ── orders: plan, start, stop ──▶ Serve ─▶ workload.Prepare, Go
//	Output       ◀─ link ◀─ records, numbered ─────────── outbox ◀─ frames, views, writes, events
//
// Both sides speak lines of JSON over one TLS connection at a time, which the
// controller opens. The generator keeps each record until the controller has
// acknowledged it. A new connection stands in for the one before: the controller
// repeats its orders and the number of its last record, and the generator continues
// from there. So a stream that breaks or hangs neither loses nor doubles records, and
// the load does not depend on it.
//
// A generator gives all times in the run's clock: the controller measures the
// offset between the two monotonic clocks before the start, and again at the end.
package remote

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/gaps"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// protocolVersion is that of the lines: both sides must be of one.
const protocolVersion = 2

// MostTimes is how many times of a replay a generator takes: they travel in one line, within
// the time that either side waits for one.
const MostTimes = 1_000_000

// maxLine bounds one line, in bytes. A plan with MostTimes is the longest.
const maxLine = 64 << 20

var (
	// ErrGone marks a generator that has ended and will not be back.
	ErrGone = errors.New("the generator is gone")
	// ErrLost marks missing records of a generator.
	ErrLost = errors.New("records of the load are missing")
	// errRefused marks a connection that would be refused again.
	errRefused = errors.New("refused")
)

// order is a line from the controller. The first one on a connection has the
// version and everything that was ordered so far; obeying one twice is the same
// as obeying it once.
type order struct {
	Version int `json:"version,omitempty"`
	// After is the number of the last record that the controller has kept.
	After int64 `json:"after,omitempty"`
	// Ping, if not 0, is to be answered with the generator's clock.
	Ping int64 `json:"ping,omitempty"`
	Plan *plan `json:"plan,omitempty"`
	// Start is the intended start of the schedule, in the generator's clock.
	Start int64 `json:"start,omitempty"`
	// Stop ends the load gently and Cut at once; End ends the generator.
	Stop bool `json:"stop,omitempty"`
	Cut  bool `json:"cut,omitempty"`
	End  bool `json:"end,omitempty"`
}

// plan is a workload.Plan in transit.
type plan struct {
	// Zero is what the generator's clock shows at offset 0 of the run.
	Zero     int64              `json:"zero"`
	Workload scenarios.Workload `json:"workload"`
	Seed     uint64             `json:"seed"`
	Index    int                `json:"index"`
	Length   time.Duration      `json:"length"`
	Requests int64              `json:"requests,omitempty"`
	Drain    time.Duration      `json:"drain"`
	Times    []time.Duration    `json:"times,omitempty"`
	Audit    *auditing          `json:"audit,omitempty"`
	Target   target             `json:"target"`
}

type auditing struct {
	Spec scenarios.Audit `json:"spec"`
	Run  string          `json:"run"`
	// Of is how many generators take turns with it.
	Of int `json:"of"`
}

// target is a servers.Target in transit.
type target struct {
	Addrs    []string           `json:"addrs"`
	Shards   [][]servers.Member `json:"shards"`
	Slots    []slots            `json:"slots"`
	Cluster  bool               `json:"cluster"`
	Security dial.Security      `json:"security"`
}

// slots is a range of slots of one shard, both ends included.
type slots struct {
	First int `json:"first"`
	Last  int `json:"last"`
	Shard int `json:"shard"`
}

// reply is a line from the generator. The first one on a connection has the
// version, and the instance: a generator that was restarted is another one.
type reply struct {
	Version  int     `json:"version,omitempty"`
	Instance int64   `json:"instance,omitempty"`
	Pong     *pong   `json:"pong,omitempty"`
	Record   *record `json:"record,omitempty"`
}

// pong answers a ping, with the generator's clock at its arrival and departure.
type pong struct {
	Ping int64 `json:"ping"`
	Got  int64 `json:"got"`
	Sent int64 `json:"sent"`
}

// record is a message of a generator to its controller. Records are numbered from 1.
type record struct {
	N int64 `json:"n"`
	// Ready describes the client, once the load is prepared.
	Ready *results.Client `json:"ready,omitempty"`
	Frame *results.Frame  `json:"frame,omitempty"`
	// Histograms are those of the frame, by tag, in HdrHistogram's V2 compressed
	// encoding.
	Histograms map[string]string   `json:"histograms,omitempty"`
	View       *gaps.View          `json:"view,omitempty"`
	Events     []results.Event     `json:"events,omitempty"`
	Writes     []results.Write     `json:"writes,omitempty"`
	Reads      []results.AuditRead `json:"reads,omitempty"`
	// Done says that the load has ended, and Last that no record follows.
	Done bool `json:"done,omitempty"`
	Last bool `json:"last,omitempty"`
	// Error is why the load could not be prepared, or what went wrong with it.
	Error string `json:"error,omitempty"`
}

// clock reads the machine's wall clock once and counts on by its monotonic one:
// setting the wall clock does not move it.
type clock struct{ base time.Time }

func newClock() clock { return clock{time.Now()} }

// now is in nanoseconds since 1970.
func (c clock) now() int64 { return c.at(time.Now()) }

func (c clock) at(t time.Time) int64 { return c.base.UnixNano() + int64(t.Sub(c.base)) }

// time is the moment at which c reads ns; its monotonic reading is kept.
func (c clock) time(ns int64) time.Time { return c.base.Add(time.Duration(ns - c.base.UnixNano())) }

// writeLine writes one line.
func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding a line: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// lines reads lines.
type lines struct{ s *bufio.Scanner }

func newLines(r io.Reader) lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	return lines{s}
}

// next reads a line into v.
func (l lines) next(v any) error {
	if !l.s.Scan() {
		if err := l.s.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	if err := json.Unmarshal(l.s.Bytes(), v); err != nil {
		return fmt.Errorf("reading a line: %w", err)
	}
	return nil
}

// errVersion is the error of two programs with different protocols.
func errVersion(got int) error {
	return fmt.Errorf("%w: its protocol is version %d, this one's %d: use one slotstorm for both", errRefused, got, protocolVersion)
}

func encode(histograms map[string]*hdrhistogram.Histogram) (map[string]string, error) {
	out := make(map[string]string, len(histograms))
	for tag, h := range histograms {
		b, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", tag, err)
		}
		out[tag] = string(b)
	}
	return out, nil
}

func decode(histograms map[string]string) (map[string]*hdrhistogram.Histogram, error) {
	out := make(map[string]*hdrhistogram.Histogram, len(histograms))
	for tag, text := range histograms {
		h, err := hdrhistogram.Decode([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("decoding %s: %w", tag, err)
		}
		out[tag] = h
	}
	return out, nil
}
