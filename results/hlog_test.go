package results

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// recorded are the histograms that the format's own writer and a bundle's are compared with.
func recorded() map[string]*hdrhistogram.Histogram {
	draw := rand.New(rand.NewPCG(1, 2))
	list := map[string]*hdrhistogram.Histogram{}
	of := func(name string, values ...int64) {
		list[name] = hdrhistogram.New(HistogramMin, HistogramMax, HistogramDigits)
		for _, v := range values {
			_ = list[name].RecordValue(v)
		}
	}
	of("empty")
	of("the-least", HistogramMin)
	of("the-most", HistogramMax)
	of("neighbours", 100, 101, 103, 106)
	many := make([]int64, 20_000)
	for i := range many {
		many[i] = int64(draw.ExpFloat64() * 800)
	}
	of("many", many...)
	return list
}

// A line is that of hdrhistogram-go's own writer, but for the compression's effort.
func TestALineIsTheFormats(t *testing.T) {
	const start, base = 1_795_403_429_351, 1_795_403_426_000
	var theirs, ours bytes.Buffer
	log := hdrhistogram.NewHistogramLogWriter(&theirs)
	log.SetBaseTime(base)
	own := newHlogWriter(&ours, base)
	for tag, h := range recorded() {
		for _, tag := range []string{"", tag} {
			theirs.Reset()
			ours.Reset()
			h.SetTag(tag)
			h.SetStartTimeMs(start)
			h.SetEndTimeMs(start + 1000)
			if err := log.OutputIntervalHistogram(h); err != nil {
				t.Fatal(err)
			}
			if err := own.line(tag, start, h); err != nil {
				t.Fatal(err)
			}
			if got, want := unpacked(t, ours.String()), unpacked(t, theirs.String()); got != want {
				t.Errorf("%s: the line is\n%q, the format's is\n%q", tag, got, want)
			}
		}
	}
}

// unpacked is a line with its histogram decompressed.
func unpacked(t *testing.T, line string) string {
	t.Helper()
	at := strings.LastIndexByte(line, ',') + 1
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line[at:], "\n"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(raw[8:]))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return line[:at] + string(raw[:4]) + string(payload)
}

func BenchmarkLine(b *testing.B) {
	h := recorded()["many"]
	h.SetTag("many")
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		g := newHlogWriter(io.Discard, 0)
		for b.Loop() {
			_ = g.line("many", 0, h)
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		g := hdrhistogram.NewHistogramLogWriter(io.Discard)
		for b.Loop() {
			_ = g.OutputIntervalHistogram(h)
		}
	})
}
