package web

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/results"
)

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
		{"slotstorm_phase_active", "The current stage or phase of the run; always 1.", []string{"phase"}},
		{"slotstorm_requests_total", "Requests that were due, by outcome: ok, failed (refused), unknown (may have been executed), overflow (never sent).", []string{"command", "outcome"}},
		{"slotstorm_errors_total", "Requests without an ok answer, by class of error.", []string{"class"}},
		{"slotstorm_in_flight_requests", "The most requests under way at once in the last second.", nil},
		latency(results.Response), latency(results.Service), latency(results.Slip),
		{"slotstorm_probe_writes_total", "Probe rounds of a shard, by result: ok or bad.", []string{"shard", "result"}},
		{"slotstorm_shard_up", "1 if the shard accepted a write of a probe in the last second, otherwise 0.", []string{"shard"}},
		{"slotstorm_fault_active", "1 while a fault, an upgrade or a rollback is active, 0 after it.", []string{"fault", "node"}},
	}
}

// latency is the metric of one of the three times of requests answered ok, called as in
// the metrics of runs that have ended.
func latency(t results.Time) Metric {
	f := metrics.LatencyFamily(t)
	return Metric{f.Name, f.Help, []string{"command"}}
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

// maxScrapes is the most scrapes at a time.
const maxScrapes = 8

// metrics serves the metrics of the run that is shown, and none in an archive.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	registry := prometheus.NewRegistry()
	if cur := s.shown(); cur != nil {
		registry.MustRegister(collector{cur, descriptions()})
	}
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes}).ServeHTTP(w, r)
}
