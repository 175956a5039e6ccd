package frame

import (
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// Recorder collects the outcomes of requests by the second of their intended start, and gives a frame for each second once all its requests have ended.
type Recorder struct {
	generator int
	commands  []string
	shards    int

	mu       sync.Mutex
	open     map[int]*second // by second
	next     int             // the next second to give
	inFlight int
	spare    []*hdrhistogram.Histogram
	// done counts ok replies by the second of the reply, or by the next second to
	// give if that one has been given.
	done     map[int]int
	total    Progress
	lastRate float64
	lastP99  time.Duration
}

// second is one second's requests.
type second struct {
	pending     int
	counts      []results.Counts
	errors      map[string]int
	answered    map[string]int
	retried     map[string]int
	again       map[string]int
	reads       *results.Reads
	inFlightMax int
	// histograms of commands, then of shards: response, service, slip.
	histograms [][3]*hdrhistogram.Histogram
}

// NewRecorder makes the recorder of a generator.
func NewRecorder(generator int, commands []string, shards int) *Recorder {
	return &Recorder{generator: generator, commands: commands, shards: shards, open: map[int]*second{}, done: map[int]int{}}
}

func (r *Recorder) at(sec int) *second {
	s := r.open[sec]
	if s == nil {
		s = &second{counts: make([]results.Counts, len(r.commands)), histograms: make([][3]*hdrhistogram.Histogram, len(r.commands)+r.shards)}
		r.open[sec] = s
	}
	return s
}

// Begin notes that a request, intended at an offset from the start, is under way. It
// is false, and the request counts as overflow, if limit requests are under way.
func (r *Recorder) Begin(intended time.Duration, command, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.at(Second(intended))
	r.total.Requests++
	if r.inFlight >= limit {
		s.counts[command].Overflow++
		count(&s.errors, "overflow")
		r.total.Errors++
		return false
	}
	r.inFlight++
	s.pending++
	s.inFlightMax = max(s.inFlightMax, r.inFlight)
	return true
}

func count(classes *map[string]int, class string) {
	if *classes == nil {
		*classes = map[string]int{}
	}
	(*classes)[class]++
}

// End describes the end of a request. Times are offsets from the start.
type End struct {
	Command, Shard          int
	Intended, Sent, Replied time.Duration
	Outcome                 results.Outcome
	// Class is that of its error; Answered is true if that was a reply. Retried are the classes of failed attempts of the
	// client library before the request was ok.
	Class    string
	Answered bool
	Retried  []string
	// Again is how often it was executed beside that.
	Again int
	// Read has it counted as a hit or, if Missed, as a miss. ByRole counts it by the role
	// of the node that answered.
	Read, Missed, ByRole, Replica bool
}

// End notes how a request ended.
func (r *Recorder) End(e End) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.at(Second(e.Intended))
	r.inFlight--
	s.pending--
	if e.Again > 0 {
		if s.again == nil {
			s.again = map[string]int{}
		}
		s.again[r.commands[e.Command]] += e.Again
	}
	r.total.Last = max(r.total.Last, e.Replied)
	switch e.Outcome {
	case results.OK:
		s.counts[e.Command].OK++
		r.done[max(Second(e.Replied), r.next)]++
		switch {
		case e.Read && e.Missed:
			s.counts[e.Command].Misses++
		case e.Read:
			s.counts[e.Command].Hits++
		}
		if e.ByRole {
			s.read(e.Replica)
		}
		for _, class := range e.Retried {
			count(&s.retried, class)
		}
		took := [3]time.Duration{e.Replied - e.Intended, e.Replied - e.Sent, e.Sent - e.Intended}
		r.record(&s.histograms[e.Command], took)
		r.record(&s.histograms[len(r.commands)+e.Shard], took)
		return
	case results.Failed:
		s.counts[e.Command].Failed++
	default:
		s.counts[e.Command].Unknown++
		if e.Answered {
			count(&s.answered, e.Class)
		}
	}
	count(&s.errors, e.Class)
	r.total.Errors++
}

func (s *second) read(replica bool) {
	if s.reads == nil {
		s.reads = &results.Reads{}
	}
	if replica {
		s.reads.Replica++
	} else {
		s.reads.Primary++
	}
}

func (r *Recorder) record(to *[3]*hdrhistogram.Histogram, took [3]time.Duration) {
	for i, d := range took {
		if to[i] == nil {
			to[i] = r.histogram()
		}
		v := min(max(d.Microseconds(), results.HistogramMin), results.HistogramMax)
		if err := to[i].RecordValue(v); err != nil {
			panic(fmt.Sprintf("recording %d µs: %v", v, err)) // v is within bounds
		}
	}
}

// tag names histogram i of a second's.
func (r *Recorder) tag(i int, t results.Time) string {
	if i < len(r.commands) {
		return results.Tag(t, r.commands[i])
	}
	return results.ShardTag(t, i-len(r.commands))
}

func (r *Recorder) histogram() *hdrhistogram.Histogram {
	if n := len(r.spare); n > 0 {
		h := r.spare[n-1]
		r.spare = r.spare[:n-1]
		return h
	}
	return newHistogram()
}

// Collect gives the frames of all seconds before due whose requests have ended,
// in order; with all it gives those that are still open too.
func (r *Recorder) Collect(due int, all bool, give func(results.Frame, map[string]*hdrhistogram.Histogram) error) error {
	for {
		r.mu.Lock()
		if r.next >= due {
			r.mu.Unlock()
			return nil
		}
		s := r.at(r.next)
		if s.pending > 0 && !all {
			r.mu.Unlock()
			return nil
		}
		f := results.Frame{Generator: r.generator, Seq: r.next, Commands: map[string]results.Counts{}, Errors: s.errors, Answered: s.answered, Retried: s.retried, Again: s.again, Reads: s.reads, Completed: r.done[r.next], InFlightMax: s.inFlightMax}
		histograms := map[string]*hdrhistogram.Histogram{}
		var used []*hdrhistogram.Histogram
		r.lastP99, r.lastRate = 0, float64(f.Completed)
		for c, name := range r.commands {
			f.Commands[name] = s.counts[c]
		}
		for n := range s.histograms {
			for i, h := range s.histograms[n] {
				if h == nil {
					continue
				}
				histograms[r.tag(n, Times[i])] = h
				used = append(used, h)
				if i == 0 && n < len(r.commands) {
					r.lastP99 = max(r.lastP99, time.Duration(h.ValueAtQuantile(99))*time.Microsecond)
				}
			}
		}
		delete(r.open, r.next)
		delete(r.done, r.next)
		r.next++
		r.mu.Unlock()

		if err := give(f, histograms); err != nil {
			return err
		}
		for _, h := range used {
			h.Reset()
		}
		r.mu.Lock()
		r.spare = append(r.spare, used...)
		r.mu.Unlock()
	}
}

// Progress sums up the requests so far.
func (r *Recorder) Progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.total
	p.InFlight, p.Rate, p.P99 = int64(r.inFlight), r.lastRate, r.lastP99
	return p
}
