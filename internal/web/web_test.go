package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/slotstorm/slotstorm/results"
)

const scenarioText = `apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: steady}
seed: 7
timeline: {phases: [{name: calm, duration: 10s}]}
`

// underWay is a bundle whose run is in its third second, with a fault in force.
func underWay(t *testing.T, root string) *results.Writer {
	t.Helper()
	start := time.Now()
	w, err := results.Create(root, "steady-20260101T000000Z-1a2b", start)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(w.Path(results.ScenarioFile), []byte(scenarioText), 0o644))
	must(w.Event(results.Event{Kind: results.EventStage, Stage: results.StageWarmup, Message: "warm-up", Offset: results.DurationOf(time.Second)}))
	must(w.Event(results.Event{Kind: results.EventFaultInject, Fault: "crash", Node: "node-0", Message: "SIGKILL", Offset: results.DurationOf(2500 * time.Millisecond)}))
	for second := range 3 {
		h := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
		must(h.RecordValues(2000, 9))
		must(h.RecordValue(400_000))
		must(w.Frame(results.Frame{
			Seq: second, Commands: map[string]results.Counts{"GET": {OK: 10, Failed: second}}, Errors: map[string]int{"CLUSTERDOWN": second},
			Probes: map[int]results.ProbeCount{0: {OK: 100}, 1: {Bad: 90 * second, OK: 2 - second}},
		}, start.Add(time.Second+time.Duration(second)*time.Second), map[string]*hdrhistogram.Histogram{results.Tag(results.Response, "GET"): h}))
	}
	return w
}

// site serves root as Serve does.
func site(t *testing.T, s *Server) *httptest.Server {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	web.Config.Handler = s.server(web.Listener.Addr()).Handler
	web.Start()
	t.Cleanup(func() { s.Close(); web.Close() })
	return web
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestARunUnderWayIsStreamedToItsEnd(t *testing.T) {
	root := t.TempDir()
	w := underWay(t, root)
	s := New(Options{Root: root, Log: os.Stderr})
	s.Watch(w.Dir())
	web := site(t, s)
	// The home page is the run's; its stream goes on until the run is sealed.
	code, page := get(t, web.URL+"/")
	if code != 200 || !strings.Contains(page, "steady-20260101T000000Z-1a2b") || !strings.Contains(page, "/live.js") {
		t.Fatalf("%d %s", code, page)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", web.URL+"/runs/steady-20260101T000000Z-1a2b/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, err := range []error{
		w.Event(results.Event{Kind: results.EventFaultVerify, Fault: "crash", Message: "whole again", Offset: results.DurationOf(4 * time.Second)}),
		w.Close(),
		w.SaveRun(&results.Run{SchemaVersion: 1, ID: "steady-20260101T000000Z-1a2b", Name: "steady", Summary: &results.Summary{Verdict: results.Pass}}),
		results.Seal(w.Dir()),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"event: end", `"verdict":"pass"`, `"text":"crash: SIGKILL"`, `"text":"crash: whole again"`, `"name":"crash","from":1.5,"to":3`, `"t":2,"ok":10,"due":12,"failed":2,"p50":2`, `"down":[1]`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the stream has no %s:\n%s", want, raw)
		}
	}
}

func TestMetricsAreAsPrometheusWantsThem(t *testing.T) {
	root := t.TempDir()
	w := underWay(t, root)
	watched := newWatch(w.Dir())
	watched.look(results.Follow(w.Dir()))
	c := collector{watched, descriptions()}
	problems, err := testutil.CollectAndLint(c)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	s := New(Options{Root: root, Log: os.Stderr})
	s.current = watched
	_, text := get(t, site(t, s).URL+"/metrics")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, m := range Metrics() {
		if families[m.Name] != nil {
			seen++
		}
	}
	if seen != len(Metrics())-2 { // no service and slip were recorded
		t.Errorf("%d of %d metrics: %s", seen, len(Metrics()), text)
	}
	for _, want := range []string{
		`slotstorm_requests_total{command="GET",outcome="failed"} 3`, `slotstorm_shard_up{shard="1"} 0`, `slotstorm_fault_active{fault="crash",node="node-0"} 1`,
		`slotstorm_response_seconds_bucket{command="GET",le="0.0025"} 27`, `slotstorm_response_seconds_bucket{command="GET",le="0.5"} 30`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestOnlyBundlesAreServedAndOnlyHere(t *testing.T) {
	root := t.TempDir()
	w := underWay(t, root)
	outside := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, w.Path("nodes/link.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(w.Path("volumes/node-0"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.Path("volumes/node-0/redis.conf"), []byte("requirepass secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	web := site(t, New(Options{Root: root, Log: os.Stderr}))
	run := web.URL + "/runs/" + filepath.Base(w.Dir()) + "/"
	for url, want := range map[string]int{
		web.URL + "/":                     200,
		run + "live":                      200,
		run + "scenario.yaml":             200,
		run + "nodes/link.log":            404,
		run + "volumes/node-0/redis.conf": 404,
		run + "..%2f..%2fetc%2fpasswd":    404,
		run + "nodes":                     404,
		web.URL + "/runs/none/":           404,
		web.URL + "/compare?a=none&b=x":   400,
		web.URL + "/trend":                404,
		web.URL + "/live.js":              200,
		web.URL + "/nothing":              404,
	} {
		if code, text := get(t, url); code != want || strings.Contains(text, "secret") {
			t.Errorf("%s: %d, want %d: %.200s", url, code, want, text)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", web.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("another name is answered with %d", resp.StatusCode)
	}
	if resp, err = http.Post(web.URL+"/", "text/plain", nil); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a write is answered with %v %v", resp, err)
	}
}
