package web

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
)

// tally is a run summed up as Prometheus reads it: counters since its start.
type tally struct {
	run, scenario, phase string
	seed                 uint64
	commands             map[string]results.Counts
	errors               map[string]int
	probes               map[int]results.ProbeCount
	last                 map[int]results.ProbeCount
	inFlight             int
	times                map[timeKey]*times
	faults               map[string]faultState
}

type faultState struct {
	node   string
	active float64
}

type timeKey struct {
	time    results.Time
	command string
}

// times is a histogram with fixed bounds.
type times struct {
	count   uint64
	sum     float64
	buckets map[float64]uint64
}

// bounds are the upper bounds of the buckets, in seconds.
var bounds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newTally() tally {
	return tally{
		commands: map[string]results.Counts{}, errors: map[string]int{}, probes: map[int]results.ProbeCount{},
		last: map[int]results.ProbeCount{}, times: map[timeKey]*times{}, faults: map[string]faultState{},
	}
}

// maxShards is as many as a cluster has slots.
const maxShards = 16384

// maxLabels bounds the values of a label; what comes beyond them counts as other.
const (
	maxLabels = 500
	other     = "other"
)

// label is a text of a bundle as the value of a label: in UTF-8 and in one line,
// and one of a bounded number. Two that look alike count as one, for two samples
// of the same labels would be none.
func label[V any](known map[string]V, text string) string {
	text = printable.Line(text)
	if _, ok := known[text]; !ok && len(known) >= maxLabels {
		return other
	}
	return text
}

func (t *tally) fault(name, node string, active float64) {
	name = label(t.faults, name)
	if node == "" {
		node = t.faults[name].node
	}
	t.faults[name] = faultState{node, active}
}

func (t *tally) frame(f results.Frame) {
	for name, c := range f.Commands {
		name = label(t.commands, name)
		t.commands[name] = t.commands[name].Plus(c)
	}
	for class, n := range f.Errors {
		t.errors[label(t.errors, class)] += n
	}
	for shard, n := range f.Probes {
		if _, ok := t.probes[shard]; !ok && len(t.probes) >= maxShards {
			continue
		}
		sum := t.probes[shard]
		t.probes[shard] = results.ProbeCount{OK: sum.OK + n.OK, Bad: sum.Bad + n.Bad}
		t.last[shard] = n
	}
	t.inFlight = f.InFlightMax
}

func (t *tally) interval(i results.Interval) {
	key := timeKey{i.Time, printable.Line(i.Command)}
	h := t.times[key]
	if h == nil {
		if len(t.times) >= maxLabels {
			return
		}
		h = &times{buckets: map[float64]uint64{}}
		for _, b := range bounds {
			h.buckets[b] = 0
		}
		t.times[key] = h
	}
	dense := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	i.Histogram.MergeInto(dense)
	for _, bar := range dense.Distribution() {
		if bar.Count == 0 {
			continue
		}
		seconds := float64(bar.To) / 1e6
		for _, b := range bounds {
			if seconds <= b {
				h.buckets[b] += uint64(bar.Count)
			}
		}
	}
	h.count += uint64(i.Histogram.TotalCount())
	h.sum += i.Histogram.Mean() * float64(i.Histogram.TotalCount()) / 1e6
}

// Metric is one metric of /metrics.
type Metric struct {
	Name, Help string
	Labels     []string
}

// Metrics are all metrics of a run, in the order of the documentation. Names and
// units follow Prometheus' own advice.
func Metrics() []Metric {
	return []Metric{
		{"slotstorm_run_info", "The run that is shown; always 1.", []string{"run", "scenario", "seed"}},
		{"slotstorm_phase_active", "The stage or phase that the run is in; 1 for that one.", []string{"phase"}},
		{"slotstorm_requests_total", "Requests that were due, by what became of them: ok, failed (refused), unknown (no answer), overflow (never sent).", []string{"command", "outcome"}},
		{"slotstorm_errors_total", "Requests that were not answered ok, by class.", []string{"class"}},
		{"slotstorm_in_flight_requests", "The most requests under way at once in the last second.", nil},
		{"slotstorm_response_seconds", "Time from the intended start to the reply, of requests answered ok.", []string{"command"}},
		{"slotstorm_service_seconds", "Time from the send to the reply, of requests answered ok.", []string{"command"}},
		{"slotstorm_slip_seconds", "Time from the intended start to the send, of requests answered ok.", []string{"command"}},
		{"slotstorm_probe_writes_total", "Probe rounds of a shard, by result: ok or bad.", []string{"shard", "result"}},
		{"slotstorm_shard_up", "Whether the shard took a probe's write in the last second.", []string{"shard"}},
		{"slotstorm_fault_active", "1 while a fault, an upgrade or a rollback is in force, 0 after it.", []string{"fault", "node"}},
	}
}

// descriptions are Metrics as the client library wants them, by name without the
// prefix.
func descriptions() map[string]*prometheus.Desc {
	list := map[string]*prometheus.Desc{}
	for _, m := range Metrics() {
		list[strings.TrimPrefix(m.Name, "slotstorm_")] = prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
	}
	return list
}

// collector gives a watched run to Prometheus.
type collector struct {
	w     *watch
	descs map[string]*prometheus.Desc
}

func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	t := &c.w.tally
	// Prometheus collects in goroutines of its own: a panic there ends the program.
	send := func(name string, m prometheus.Metric, err error) {
		if err != nil {
			m = prometheus.NewInvalidMetric(c.descs[name], err)
		}
		ch <- m
	}
	counter := func(name string, v int, labels ...string) {
		m, err := prometheus.NewConstMetric(c.descs[name], prometheus.CounterValue, float64(v), labels...)
		send(name, m, err)
	}
	gauge := func(name string, v float64, labels ...string) {
		m, err := prometheus.NewConstMetric(c.descs[name], prometheus.GaugeValue, v, labels...)
		send(name, m, err)
	}
	gauge("run_info", 1, t.run, t.scenario, strconv.FormatUint(t.seed, 10))
	if t.phase != "" {
		gauge("phase_active", 1, t.phase)
	}
	for name, n := range t.commands {
		counter("requests_total", n.OK, name, "ok")
		counter("requests_total", n.Failed, name, "failed")
		counter("requests_total", n.Unknown, name, "unknown")
		counter("requests_total", n.Overflow, name, "overflow")
	}
	for class, n := range t.errors {
		counter("errors_total", n, class)
	}
	gauge("in_flight_requests", float64(t.inFlight))
	for shard, n := range t.probes {
		name := strconv.Itoa(shard)
		counter("probe_writes_total", n.OK, name, "ok")
		counter("probe_writes_total", n.Bad, name, "bad")
		up := 0.0
		if t.last[shard].OK > 0 {
			up = 1
		}
		gauge("shard_up", up, name)
	}
	for name, f := range t.faults {
		gauge("fault_active", f.active, name, f.node)
	}
	for key, h := range t.times {
		name := string(key.time) + "_seconds"
		if d := c.descs[name]; d != nil {
			m, err := prometheus.NewConstHistogram(d, h.count, h.sum, maps.Clone(h.buckets), key.command)
			send(name, m, err)
		}
	}
}

// maxScrapes is more than the Prometheus servers that ask at a time.
const maxScrapes = 8

// metrics answers for the run that is shown; without one there is nothing to tell.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	registry := prometheus.NewRegistry()
	if cur := s.shown(); cur != nil {
		registry.MustRegister(collector{cur, descriptions()})
	}
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes}).ServeHTTP(w, r)
}
