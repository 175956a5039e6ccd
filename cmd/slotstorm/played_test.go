package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// hitsRun is the only run that counted what its reads found: the figure is missing in all
// others.
const hitsRun = 9

// played makes the sealed bundle of run n of s: every request of its timeline
// answered after about 400 µs, or in a slow one after 500.
func played(t *testing.T, root string, n int, s *scenarios.Scenario, slow bool) *results.Bundle {
	t.Helper()
	w, r := playing(t, root, n, s)
	random := rand.New(rand.NewPCG(uint64(n), 1))
	middle := 400 * (1 + 0.01*random.NormFloat64())
	if slow {
		middle *= 1.25
	}
	perSecond := int(s.Workload.Rate.PerSecond)
	counts := results.Counts{OK: perSecond}
	if n == hitsRun {
		counts.Hits = perSecond
	}
	for second := range int(r.LoadEnd.Std() / time.Second) {
		f := results.Frame{Seq: second, Commands: map[string]results.Counts{"GET": counts}, Completed: perSecond}
		histograms := map[string]*hdrhistogram.Histogram{}
		for _, kind := range []results.Time{results.Response, results.Service, results.Slip} {
			h := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
			for range 100 {
				if err := h.RecordValues(int64(middle*(0.9+0.2*random.Float64())), int64(perSecond/100)); err != nil {
					t.Fatal(err)
				}
			}
			histograms[results.Tag(kind, "GET")] = h
		}
		if err := w.Frame(f, r.Start.Add(time.Duration(second)*time.Second), histograms); err != nil {
			t.Fatal(err)
		}
	}
	return sealed(t, w, s, r)
}

// playing begins the bundle of run n of s.
func playing(t *testing.T, root string, n int, s *scenarios.Scenario) (*results.Writer, *results.Run) {
	t.Helper()
	r := playedRun(t, n, s)
	w, err := results.Create(root, r.ID, r.Start)
	if err != nil {
		t.Fatal(err)
	}
	return w, r
}

// playedRun is what run n of s says of itself.
func playedRun(t *testing.T, n int, s *scenarios.Scenario) *results.Run {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	began := start.Add(time.Duration(n) * time.Minute)
	warmup, length := s.Workload.Warmup.Std(), s.Timeline.Length().Std()
	r := &results.Run{
		SchemaVersion: results.SchemaVersion, ID: fmt.Sprintf("%s-%s-%d", s.Metadata.Name, began.Format("20060102T150405Z"), n),
		Name: s.Metadata.Name, Seed: s.Seed, Scenario: raw, Start: began,
		Versions:      results.Versions{Server: results.Server{Product: results.ProductRedis, Version: "7.0.15"}},
		TimelineStart: results.DurationOf(warmup), LoadEnd: results.DurationOf(warmup + length),
		HealthyBefore: true, HealthyAfter: true,
	}
	at := warmup
	for _, p := range s.Timeline.Phases {
		r.Phases = append(r.Phases, results.PhaseWindow{Name: p.Name, From: results.DurationOf(at), To: results.DurationOf(at + p.Duration.Std())})
		at += p.Duration.Std()
	}
	return r
}

// sealed ends the bundle of a run of s, and reads it.
func sealed(t *testing.T, w *results.Writer, s *scenarios.Scenario, r *results.Run) *results.Bundle {
	t.Helper()
	text, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{
		w.Close,
		func() error { return results.WriteFile(w.Path(results.ScenarioFile), text) },
		func() error { return w.SaveRun(r) },
		func() error { return results.Seal(w.Dir()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	b, err := results.Load(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return b
}
