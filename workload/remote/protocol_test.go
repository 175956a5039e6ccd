package remote

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// TestMergedHistogramsAreExact records one stream of values in one histogram, and
// dealt out to generators whose histograms travel: the sums are the same, bucket
// by bucket.
func TestMergedHistogramsAreExact(t *testing.T) {
	t.Parallel()
	fresh := func() *hdrhistogram.Histogram {
		return hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	}
	for seed := range uint64(50) {
		draw := rand.New(rand.NewPCG(seed, 4))
		generators := 1 + draw.IntN(5)
		all, merged := fresh(), fresh()
		for range 1 + draw.IntN(4) { // seconds
			parts := make([]*hdrhistogram.Histogram, generators)
			for i := range parts {
				parts[i] = fresh()
			}
			for range draw.IntN(2000) {
				// Every order of magnitude is as likely as any other, the bounds too.
				v := int64(1) << draw.IntN(30)
				v = min(v+draw.Int64N(v), results.HistogramMax)
				for _, h := range []*hdrhistogram.Histogram{all, parts[draw.IntN(generators)]} {
					if err := h.RecordValue(v); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, h := range parts {
				sent, err := encode(map[string]*hdrhistogram.Histogram{"response/GET": h})
				if err != nil {
					t.Fatal(err)
				}
				line, err := json.Marshal(record{Histograms: sent})
				if err != nil {
					t.Fatal(err)
				}
				var got record
				if err := json.Unmarshal(line, &got); err != nil {
					t.Fatal(err)
				}
				back, err := decode(got.Histograms)
				if err != nil {
					t.Fatal(err)
				}
				if dropped := merged.Merge(back["response/GET"]); dropped != 0 {
					t.Fatalf("seed %d: %d values were dropped", seed, dropped)
				}
			}
		}
		if diff := deep.Diff(all.Export().Counts, merged.Export().Counts); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		for _, q := range []float64{50, 99, 99.9, 100} {
			if a, b := all.ValueAtQuantile(q), merged.ValueAtQuantile(q); a != b {
				t.Errorf("seed %d: p%v is %d merged, %d of all", seed, q, b, a)
			}
		}
	}
}

// TestAPlanArrivesAsItWas sends the workload of every scenario there is.
func TestAPlanArrivesAsItWas(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/builtin/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	valid, err := filepath.Glob("../../scenarios/testdata/valid-*.yaml")
	if err != nil || len(valid) == 0 {
		t.Fatal(valid, err)
	}
	for _, file := range append(files, valid...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenarios.Parse(file, text)
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(order{Plan: &plan{Workload: s.Workload, Seed: s.Seed}})
		if err != nil {
			t.Fatal(err)
		}
		var got order
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if diff := deep.Diff(s.Workload, got.Plan.Workload); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func TestATargetArrivesAsItWas(t *testing.T) {
	certificates, err := deployer.NewCertificates(true)
	if err != nil {
		t.Fatal(err)
	}
	dialer, err := dial.New(dial.Security{Username: "u", Password: "p", TLS: &dial.TLS{
		CA: certificates.CA, Cert: certificates.ClientCert, Key: certificates.ClientKey, ServerName: deployer.ServerName,
	}})
	if err != nil {
		t.Fatal(err)
	}
	was := servers.Target{
		Addrs: []string{"a:1"}, Shards: [][]servers.Member{{{Name: "a", Addr: "a:1"}}, {{Name: "b", Addr: "b:1"}}, {{Name: "c", Addr: "c:1"}}},
		Cluster: true, Dialer: dialer, ShardOf: func(slot int) int { return slot / 5000 % 3 },
	}
	is, err := targetOf(was).target(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for slot := range resp.Slots {
		if was.ShardOf(slot) != is.ShardOf(slot) {
			t.Fatalf("slot %d is of shard %d, was of %d", slot, is.ShardOf(slot), was.ShardOf(slot))
		}
	}
	if diff := deep.Diff(fmt.Sprint(was.Addrs, was.Shards, was.Cluster), fmt.Sprint(is.Addrs, is.Shards, is.Cluster)); diff != "" {
		t.Error(diff)
	}
	if diff := deep.Diff(was.Dialer.Security(), is.Dialer.Security()); diff != "" {
		t.Error(diff)
	}
	if _, plain := is.Dialer.Plain(); plain {
		t.Error("the target arrives without TLS")
	}
	for _, bad := range []target{
		{Slots: []slots{{0, resp.Slots, 0}}, Shards: was.Shards},
		{Slots: []slots{{-1, 5, 0}}, Shards: was.Shards},
		{Slots: []slots{{0, 5, 3}}, Shards: was.Shards},
		{Security: dial.Security{TLS: &dial.TLS{CA: []byte("no certificate")}}, Shards: was.Shards},
	} {
		if _, err := bad.target(t.Context()); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestTheOutboxKeepsWhatIsNotAcknowledged(t *testing.T) {
	o := newOutbox()
	for range 5 {
		if err := o.add(record{}); err != nil {
			t.Fatal(err)
		}
	}
	numbers := func(after int64) (list []int64) {
		records, _ := o.after(after)
		for _, b := range records {
			var r reply
			if err := json.Unmarshal(b, &r); err != nil {
				t.Fatal(err)
			}
			list = append(list, r.Record.N)
		}
		return list
	}
	for _, step := range []struct {
		ack, after int64
		want       []int64
	}{{0, 0, []int64{1, 2, 3, 4, 5}}, {2, 2, []int64{3, 4, 5}}, {2, 4, []int64{5}}, {1, 2, []int64{3, 4, 5}}, {5, 5, nil}, {9, 9, nil}} {
		o.ack(step.ack)
		if diff := deep.Diff(step.want, numbers(step.after)); diff != "" {
			t.Errorf("acknowledged %d, behind %d: %s", step.ack, step.after, diff)
		}
	}
	if err := o.add(record{}); err != nil {
		t.Fatal(err)
	}
	if diff := deep.Diff([]int64{6}, numbers(5)); diff != "" {
		t.Error(diff)
	}
}
