package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Records of a bundle are checked when they are read. What is refused here could
// not have been written by a run, and is used by views as an index, a number of
// steps or a size.

// maxGap is how many seconds of the load may have no frame: a bundle whose seconds
// go far beyond its frames would make views walk through nothing.
const maxGap = 3600

// maxCommands bounds how many names of commands a bundle has. Redis has about 400.
const maxCommands = 1000

// maxOffset bounds offsets from a run's start: the longest load, with a day before
// and after it.
const maxOffset = Duration((MaxSeconds + 24*3600) * int64(time.Second))

func offsets(list ...Duration) error {
	for _, m := range list {
		if m > maxOffset || m < -maxOffset {
			return fmt.Errorf("the time %v lies outside of any run", m)
		}
	}
	return nil
}

// maxAhead bounds how far two clocks may be apart: 73 years, so that sums of some stay numbers.
const maxAhead = Duration(1 << 61)

// clocks checks measurements of a clock, which may be that of a machine that never set it.
func clocks(list []ClockOffset) error {
	for _, c := range list {
		if c.Offset > maxAhead || c.Offset < -maxAhead || c.Uncertainty < 0 {
			return fmt.Errorf("no clock is %v ± %v ahead", c.Offset, c.Uncertainty)
		}
		if err := offsets(c.At, c.Uncertainty); err != nil {
			return err
		}
	}
	return nil
}

// shard checks the index of a shard; -1 is none.
func shard(n int) error {
	if n < -1 || n >= MaxShards {
		return fmt.Errorf("there is no shard %d", n)
	}
	return nil
}

func counts(list ...int) error {
	for _, n := range list {
		if n < 0 || n > maxCount {
			return fmt.Errorf("%d is no count", n)
		}
	}
	return nil
}

func atMost(what string, n, most int) error {
	if n > most {
		return fmt.Errorf("%d %s are more than the %d that a run can have", n, what, most)
	}
	return nil
}

func (e *Event) check() error {
	if e.Kind == "" {
		return errors.New("an event without a kind")
	}
	err := offsets(e.Offset, e.Uncertainty, e.Delay)
	if e.Shard != nil {
		err = errors.Join(err, shard(*e.Shard))
	}
	return err
}

func (c Counts) check() error { return counts(c.OK, c.Failed, c.Unknown, c.Overflow) }

func (f *Frame) check() error {
	if f.Generator < 0 || f.Generator >= MaxGenerators {
		return fmt.Errorf("there is no generator %d", f.Generator)
	}
	if err := second(f.Seq); err != nil || f.Seq < 0 {
		return fmt.Errorf("there is no second %d of a load", f.Seq)
	}
	if err := errors.Join(counts(f.Completed, f.InFlightMax), atMost("commands", len(f.Commands), maxCommands)); err != nil {
		return err
	}
	for _, c := range f.Commands {
		if err := c.check(); err != nil {
			return err
		}
	}
	for _, classes := range []map[string]int{f.Errors, f.Answered, f.Retried, f.Again} {
		for _, n := range classes {
			if err := counts(n); err != nil {
				return err
			}
		}
	}
	for n, p := range f.Probes {
		if err := errors.Join(shard(n), counts(p.OK, p.Bad)); err != nil {
			return err
		}
	}
	if f.Self != nil {
		return counts(f.Self.Cores)
	}
	return nil
}

// second checks a second of the load; what comes before it has a negative one.
func second(n int) error {
	if n < -maxGap || n >= MaxSeconds {
		return fmt.Errorf("there is no second %d of a load", n)
	}
	return nil
}

func outcome(o string) error {
	switch Outcome(o) {
	case OK, Failed, Unknown, Overflow:
		return nil
	}
	return fmt.Errorf("%.40q is no outcome", o)
}

func (w *Write) check() error {
	return errors.Join(outcome(w.Outcome), shard(w.Shard), counts(w.Attempts), offsets(w.Intended, w.Sent, w.Done))
}

func (r *AuditRead) check() error {
	return errors.Join(outcome(r.Outcome), shard(r.Shard), offsets(r.Sent, r.Done))
}

func (f *Finding) check() error {
	if f.Class == "" {
		return errors.New("a finding without a class")
	}
	w := f.Write
	return errors.Join(shard(w.Shard), counts(f.Count, w.Attempts), offsets(w.Intended, w.Sent, w.Done, f.Age))
}

// decodeRun reads run.json.
func decodeRun(raw []byte) (*Run, error) {
	if n := bytes.Count(raw, []byte("{")); n > maxObjects {
		return nil, fmt.Errorf("%s: %w", RunFile, atMost("objects", n, maxObjects))
	}
	r := &Run{}
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("%s: %w", RunFile, err)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", RunFile, err)
	}
	r.complete()
	return r, nil
}

func (r *Run) check() error {
	if err := errors.Join(
		offsets(r.LoadStart, r.TimelineStart, r.LoadEnd, r.End),
		atMost("phases", len(r.Phases), MaxPhases), atMost("shards", len(r.Shards), MaxShards),
		atMost("nodes", len(r.Nodes), MaxNodes), atMost("faults", len(r.Faults), MaxFaults),
		atMost("generators", len(r.Generators), MaxGenerators),
	); err != nil {
		return err
	}
	for _, p := range r.Phases {
		if err := errors.Join(offsets(p.From, p.To), span(r.LoadStart, p)); err != nil {
			return fmt.Errorf("phase %.40q: %w", p.Name, err)
		}
	}
	for _, s := range r.Shards {
		if err := shard(s.Index); err != nil || s.Index < 0 {
			return fmt.Errorf("there is no shard %d", s.Index)
		}
	}
	for _, n := range r.Nodes {
		if err := errors.Join(shard(n.Shard), clocks(n.Clocks)); err != nil {
			return err
		}
	}
	for _, g := range r.Generators {
		if err := clocks(g.Clocks); err != nil {
			return err
		}
	}
	for _, f := range r.Faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %.40q: %w", f.Name, err)
		}
	}
	for _, list := range [][]Outage{r.ProbeOutages, r.ClientOutages, r.ProbeOutagesAway, r.ClientOutagesAway} {
		for _, o := range list {
			if err := errors.Join(shard(o.Shard), offsets(o.From, o.To, o.Uncertainty)); err != nil {
				return fmt.Errorf("an outage: %w", err)
			}
			for _, f := range o.Refusals {
				if err := offsets(f.From, f.To); err != nil {
					return fmt.Errorf("an outage: %w", err)
				}
			}
		}
	}
	return r.Upgrade.check()
}

// span checks that a phase lies within a load.
func span(load Duration, p PhaseWindow) error {
	const longest = Duration(MaxSeconds * int64(time.Second))
	if p.From-load < -maxGap*Duration(time.Second) || p.To-load > longest {
		return errors.New("it lies outside of any load")
	}
	return nil
}

func (f *Fault) check() error {
	err := errors.Join(shard(f.Shard), offsets(f.Planned, f.Injected, f.Proved, f.Restored, f.Verified))
	for _, h := range f.Nodes {
		err = errors.Join(err, shard(h.Shard))
	}
	return err
}

func (u *Upgrade) check() error {
	if u == nil {
		return nil
	}
	rolls := []*Roll{&u.Forward}
	if u.Back != nil {
		rolls = append(rolls, u.Back)
	}
	for _, r := range rolls {
		err := errors.Join(offsets(r.Planned, r.Began, r.Ended), atMost("steps of an upgrade", len(r.Steps), 4*MaxNodes))
		for _, s := range r.Steps {
			err = errors.Join(err, shard(s.Shard), offsets(s.Began, s.Answered, s.Whole, s.Undone))
		}
		if err != nil {
			return fmt.Errorf("upgrade: %w", err)
		}
	}
	return nil
}
