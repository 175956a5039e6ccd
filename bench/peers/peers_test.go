package main

import (
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadSlotstorm(t *testing.T) {
	got, err := readSlotstorm([]byte(`{"rows":[{"command":"GET","counts":{"ok":1}},
		{"command":"all","counts":{"ok":7,"failed":0},"response":{"p50Ms":0.073,"p99Ms":0.352}}]}`))
	if want := (answer{7, 0.073, 0.352}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{``, `{}`, `{"rows":[{"command":"all","counts":{"ok":7,"unknown":1}}]}`} {
		if _, err := readSlotstorm([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestReadBenchmark(t *testing.T) {
	const head = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"` + "\n"
	const row = `"SET","56882.82","0.099","0.016","0.063","0.295","0.599","8.087"` + "\n"
	got, err := readBenchmark([]byte("Cluster has 3 master nodes:\n\n"+head+row), amount{requests: 5})
	if want := (answer{5, 0.063, 0.599}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{"", head, head + row + row, "\"rps\"\n\"1\"\n", strings.ReplaceAll(head+row, "0.599", "x")} {
		if _, err := readBenchmark([]byte(bad), amount{}); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestReadMemtier(t *testing.T) {
	got, err := readMemtier([]byte(`{"ALL STATS":{"Sets":{"Count":2},"Totals":{"Count":4,"Percentile Latencies":{
		"p50.00":0.079,"p99.00":0.343,"Histogram log format":{"Compressed Histogram":"x"}}}}}`))
	if want := (answer{4, 0.079, 0.343}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{``, `{}`} {
		if _, err := readMemtier([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestRateLeavesOutStartAndEnd(t *testing.T) {
	var list []sample
	start := time.Unix(0, 0)
	// A second of starting up, ten of 100 requests each, a second of ending.
	for _, n := range []int64{0, 0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1000} {
		list = append(list, sample{at: start.Add(time.Duration(len(list)) * time.Second), commands: 50 + n})
	}
	if got := rate(list); got != 100 {
		t.Errorf("got %v, want 100", got)
	}
	if got := rate(list[:2]); got != 0 {
		t.Errorf("of two samples: got %v, want 0", got)
	}
}

func TestOthersAreCounted(t *testing.T) {
	cores, stolen, err := parseStat("cpu  9 9 9 1000 100 0 0 7 0 0\ncpu0 4 4 4 500 50 0 0 3 0 0\ncpu1 5 5 5 500 50 0 0 4 0 0\nintr 1 2 3 4 5 6 7 8 9\n")
	if err != nil || cores != 2 || stolen != 7 {
		t.Errorf("%d processors, %d stolen, %v", cores, stolen, err)
	}
	if _, _, err := parseStat("intr 1"); err == nil {
		t.Error("no processors: no error")
	}
	const rest = " S 1 1 1 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 30 5 6"
	for text, want := range map[string]int64{"7 (a) b (c)" + rest: 127, "15 (ksoftirqd/0)" + rest: 0} {
		if got, err := parseProcess(text); got != want || err != nil {
			t.Errorf("%s: got %d ticks, %v", text, got, err)
		}
	}
	for _, text := range []string{"7 a", "7 (a) S 1", "7 (a)" + strings.Replace(rest, "100", "x", 1)} {
		if _, err := parseProcess(text); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
	// 20 s of two processors, of which others had 1.
	start := time.Unix(0, 0)
	if got := others(account{start, 2, 3 * time.Second}, account{start.Add(10 * time.Second), 2, 4 * time.Second}); math.Abs(got-5) > 1e-9 {
		t.Errorf("got %v %%, want 5", got)
	}
}

// A process that works is seen.
func TestAnotherProcessIsSeen(t *testing.T) {
	busy := exec.Command("sh", "-c", "while :; do :; done")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Wait() }) // it was killed
	t.Cleanup(func() { _ = busy.Process.Kill() })
	ours := map[int]bool{os.Getpid(): true}
	before, err := takeAccount(ours)
	if err != nil {
		t.Fatal(err)
	}
	const least = 100 * time.Millisecond
	for deadline := time.Now().Add(20 * time.Second); ; {
		after, err := takeAccount(ours)
		if err != nil {
			t.Fatal(err)
		}
		if after.used-before.used >= least {
			break
		}
		if after.at.After(deadline) {
			t.Fatalf("a loop of %v is not seen", after.at.Sub(before.at))
		}
	}
}

func TestDeviationIsFromAnEvenLine(t *testing.T) {
	// 10,000 per second, where one in fifty leaves 300 µs late and holds up those
	// behind it; then the same at 9,000, which is an even line as well.
	for _, rate := range []int{10_000, 9_000} {
		var times []int64
		held := int64(0)
		for i := range int64(20_000) {
			at := i * int64(time.Second) / int64(rate)
			if i%50 == 0 {
				held = at + 300_000
			}
			times = append(times, max(at, held))
		}
		r, err := deviation(times, 10_000)
		if err != nil || math.Abs(r.rate-float64(rate)) > 1 || r.p50 > 40 || r.p99 < 200 || r.most > 310 {
			t.Errorf("at %d: %+v, %v", rate, r, err)
		}
	}
	if _, err := deviation(make([]int64, 100), 10_000); err == nil {
		t.Error("100 requests are enough")
	}
}

func TestCheck(t *testing.T) {
	b := benchCase{connections: 1}
	for _, c := range []struct {
		seen, misses int64
		ok           bool
	}{{1000, 0, true}, {1030, 5, true}, {1031, 0, false}, {900, 0, false}, {1000, 6, false}} {
		err := check(b, 1000, sample{}, sample{commands: c.seen, hits: 500 - c.misses, misses: c.misses})
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestSpread(t *testing.T) {
	if got, want := spreadOf([]float64{5, 1, 3}), (spread{3, 1, 5}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := spreadOf([]float64{4, 1, 2, 8}), (spread{3, 1, 8}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMergeMeansGetAndSet(t *testing.T) {
	r := merge([]done{
		{answer{100, 1, 2}, 100 * time.Microsecond, 50},
		{answer{100, 3, 4}, 300 * time.Microsecond, 150},
	})
	if r.requests != 200 || r.cpu != 2000 || math.Abs(r.rate-75) > 1e-9 || r.p50 != 2 || r.p99 != 3 {
		t.Errorf("got %+v", r)
	}
}

func TestRatiosPairRounds(t *testing.T) {
	b := allCases()[0]
	runs := []result{
		{b: b, tool: wire, round: 0, rate: 2}, {b: b, tool: benchmark, round: 0, rate: 1}, {b: b, tool: memtier, round: 0, rate: 4},
		{b: b, tool: wire, round: 1, rate: 9}, {b: b, tool: benchmark, round: 1, rate: 3}, {b: b, tool: memtier, round: 1, rate: 1},
		{b: b, tool: wire, round: 2, rate: 5}, {b: b, tool: benchmark, round: 2, rate: 5, noisy: true},
	}
	if got, want := ratios(runs, b, contest{rateOf, wire, math.Max, []string{benchmark, memtier}}), []float64{0.5, 3}; !slices.Equal(got.values, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := ratios(runs[6:], b, contest{rateOf, wire, math.Max, []string{benchmark}}), []float64{1}; !slices.Equal(got.values, want) || !got.noisy {
		t.Errorf("all noisy: got %v, want %v", got, want)
	}
	if got := ratios(runs, b, contest{rateOf, goRedis, math.Max, []string{memtier}}); got.values != nil {
		t.Errorf("a tool that did not run: got %v", got)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		p    paired
		most float64
		want string
	}{
		{paired{}, 1, "not measured"},
		{paired{values: []float64{0.5}}, 0, "0.50 (0.50 to 0.50, n=1)"},
		{paired{values: []float64{0.854}}, 0.85, "0.85 (0.85 to 0.85, n=1) ≤ 0.85: met"},
		{paired{values: []float64{0.86}}, 0.85, "0.86 (0.86 to 0.86, n=1) ≤ 0.85: **missed**"},
		{paired{values: []float64{0.5}, noisy: true}, 0.85, "0.50 (0.50 to 0.50, n=1) ≤ 0.85: noisy"},
	} {
		if got := atMost(c.p, goal{c.most}); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
