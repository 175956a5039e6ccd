package results

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Histograms of a bundle are kept packed: a dense one takes 170 KB, however few
// values it has, and a bundle holds one for each second and tag.

// NewHistogram is an empty histogram of a bundle's bounds.
func NewHistogram() *hdrhistogram.PackedHistogram {
	return hdrhistogram.NewPacked(HistogramMin, HistogramMax, HistogramDigits)
}

// Pack is h in packed form.
func Pack(h *hdrhistogram.Histogram) *hdrhistogram.PackedHistogram {
	p := NewHistogram()
	p.MergeFrom(h)
	return p
}

// maxTag bounds the length of a tag: a time and the name of a command.
const maxTag = 256

// hlog reads an interval log. hdrhistogram-go has a reader too, but that believes
// what a histogram says of its own size: one of 90 bytes can take 40 MB.
type hlog struct {
	// start and base are the header's, in seconds since 1970.
	start, base float64
	hasBase     bool
	inflate     io.ReadCloser
}

// logged is a line of the log.
type logged struct {
	tag string
	// startMs is when its interval began, in milliseconds since 1970.
	startMs   int64
	histogram *hdrhistogram.PackedHistogram
}

// line reads a line; ok is false if it holds no histogram.
func (g *hlog) line(text string) (v logged, ok bool, err error) {
	text = strings.TrimSuffix(text, "\r")
	switch {
	case text == "", strings.HasPrefix(text, `"`):
		return v, false, nil
	case strings.HasPrefix(text, "#"):
		return v, false, g.header(text)
	}
	if tag, rest, tagged := strings.Cut(text, ","); tagged && strings.HasPrefix(tag, "Tag=") {
		v.tag, text = strings.TrimPrefix(tag, "Tag="), rest
	}
	if len(v.tag) > maxTag {
		return v, false, fmt.Errorf("the tag has more than %d bytes", maxTag)
	}
	fields := strings.SplitN(text, ",", 4)
	if len(fields) != 4 {
		return v, false, errors.New("not a line of an interval log")
	}
	at, err := secondsOf(fields[0])
	if err != nil {
		return v, false, err
	}
	if !g.hasBase && at >= g.start-365*24*3600 {
		g.hasBase = true // its times are those of the calendar
	} else if !g.hasBase {
		g.base, g.hasBase = g.start, true
	}
	v.startMs = int64((at + g.base) * 1000)
	v.histogram, err = g.decode(fields[3])
	return v, err == nil, err
}

// header reads a comment, which may be the log's start or base time.
func (g *hlog) header(text string) (err error) {
	number := func(prefix string) (string, bool) {
		rest, ok := strings.CutPrefix(text, prefix)
		return rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789."))], ok
	}
	if n, ok := number("#[StartTime: "); ok {
		g.start, err = secondsOf(n)
	} else if n, ok := number("#[BaseTime: "); ok {
		g.base, err = secondsOf(n)
		g.hasBase = true
	}
	return err
}

// secondsOf reads a time in seconds, between 1970 and the year 5138.
func secondsOf(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v < 1e11) {
		return 0, fmt.Errorf("%.40q is no time in seconds", text)
	}
	return v, nil
}

// headerSize is that of a histogram's own header: cookie, length, offset, digits,
// lowest and highest value, ratio.
const headerSize = 40

// decode reads a histogram, and refuses one of other bounds than a bundle's
// before it is made: its header decides how much memory it takes.
func (g *hlog) decode(text string) (*hdrhistogram.PackedHistogram, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("a histogram: %w", err)
	}
	if len(raw) < 8 {
		return nil, errors.New("a histogram is cut short")
	}
	if err := g.reset(bytes.NewReader(raw[8:])); err != nil {
		return nil, fmt.Errorf("a histogram: %w", err)
	}
	var head [headerSize]byte
	if _, err := io.ReadFull(g.inflate, head[:]); err != nil {
		return nil, fmt.Errorf("a histogram: %w", err)
	}
	digits := int32(binary.BigEndian.Uint32(head[12:]))
	low, high := int64(binary.BigEndian.Uint64(head[16:])), int64(binary.BigEndian.Uint64(head[24:]))
	if digits != HistogramDigits || low != HistogramMin || high != HistogramMax {
		return nil, fmt.Errorf("a histogram of %d to %d with %d digits: a run's are of %d to %d with %d", low, high, digits, HistogramMin, HistogramMax, HistogramDigits)
	}
	h, err := hdrhistogram.DecodePacked([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("a histogram: %w", err)
	}
	if h.TotalCount() > maxCount {
		return nil, fmt.Errorf("a histogram of %d values: no second has so many", h.TotalCount())
	}
	h.Compact()
	return h, nil
}

func (g *hlog) reset(r io.Reader) (err error) {
	if again, ok := g.inflate.(zlib.Resetter); ok {
		return again.Reset(r, nil)
	}
	g.inflate, err = zlib.NewReader(r)
	return err
}

// hlogWriter writes the lines of an interval log. hdrhistogram-go has a writer too, but
// that makes a compressor of a megabyte anew for each histogram: for a run with few
// requests it took more of the processor than their sending.
type hlogWriter struct {
	w io.Writer
	// base is the base time, in milliseconds since 1970: times of lines count from it.
	base    int64
	deflate *zlib.Writer
	// sparse is the histogram without its zeros, payload the line's part that is
	// compressed, and compressed that and what stands before it.
	sparse     *hdrhistogram.PackedHistogram
	payload    []byte
	compressed bytes.Buffer
}

func newHlogWriter(w io.Writer, base int64) *hlogWriter {
	// A histogram of a second has some hundred bytes: more effort saves a few of them.
	deflate, err := zlib.NewWriterLevel(w, zlib.BestSpeed)
	if err != nil {
		panic(err) // the level is one of zlib's own
	}
	return &hlogWriter{w: w, base: base, deflate: deflate, sparse: NewHistogram()}
}

// The cookies of encoding V2; 0x10 says that counts have as many bytes as they need.
const (
	compressedCookie = uint32(hdrhistogram.V2CompressedEncodingCookieBase | 0x10)
	payloadCookie    = uint32(hdrhistogram.V2EncodingCookieBase | 0x10)
)

// line writes the histogram of the second that starts at startMs, milliseconds since
// 1970; tag may be empty.
func (g *hlogWriter) line(tag string, startMs int64, h *hdrhistogram.Histogram) error {
	g.encode(h)
	g.compressed.Reset()
	g.compressed.Write(make([]byte, 8)) // the cookie and the length, which follow below
	g.deflate.Reset(&g.compressed)
	if _, err := g.deflate.Write(g.payload); err != nil {
		return err
	}
	if err := g.deflate.Close(); err != nil {
		return err
	}
	raw := g.compressed.Bytes()
	binary.BigEndian.PutUint32(raw, compressedCookie)
	binary.BigEndian.PutUint32(raw[4:], uint32(len(raw)-8))
	if tag != "" {
		tag = "Tag=" + tag + ","
	}
	longest := time.Duration(g.sparse.Max()) * time.Microsecond
	_, err := fmt.Fprintf(g.w, "%s%f,%f,%f,%s\n", tag, float64(startMs-g.base)/1000, time.Second.Seconds(), longest.Seconds(),
		base64.StdEncoding.EncodeToString(raw))
	return err
}

// encode writes h to payload: the header, and the counts from the lowest value to the
// highest, as encoding V2 of HdrHistogram has them. Two zeros or more are one negative
// number. Numbers are zigzag LEB128; the format's own form of those above 2^55 is not
// needed, as no second has so many values.
func (g *hlogWriter) encode(h *hdrhistogram.Histogram) {
	g.sparse.Reset()
	g.sparse.MergeFrom(h)
	b := binary.BigEndian.AppendUint32(g.payload[:0], payloadCookie)
	b = append(b, make([]byte, 8)...) // the length of the counts, which follows below, and no offset
	b = binary.BigEndian.AppendUint32(b, HistogramDigits)
	b = binary.BigEndian.AppendUint64(b, HistogramMin)
	b = binary.BigEndian.AppendUint64(b, HistogramMax)
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(1))
	next := 0
	g.sparse.ForEachBucket(func(value, n int64) bool {
		switch zeros := index(value) - next; zeros {
		case 0:
		case 1:
			b = append(b, 0)
		default:
			b = binary.AppendVarint(b, -int64(zeros))
		}
		b = binary.AppendVarint(b, n)
		next = index(value) + 1
		return true
	})
	if next == 0 {
		b = append(b, 0) // of an empty histogram the format has the first count
	}
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-headerSize))
	g.payload = b
}

// index is the place of a value's count, for histograms of a bundle's bounds: with three
// digits, each power of two from 2048 on has 1024 counts, and there is one for each value
// below (HdrHistogram's countsArrayIndex).
func index(value int64) int {
	const halfMagnitude = 10
	bucket := bits.Len64(uint64(value)|(2<<halfMagnitude-1)) - (halfMagnitude + 1)
	return bucket<<halfMagnitude + int(value>>bucket)
}
