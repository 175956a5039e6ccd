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
	// payload holds a line's counts, and packed them compressed.
	payload []byte
	packed  bytes.Buffer
}

// cookies of the format V2, with the length of a count's words in the second half of
// the byte.
const (
	packedCookie  = uint32(hdrhistogram.V2CompressedEncodingCookieBase | 0x10)
	payloadCookie = uint32(hdrhistogram.V2EncodingCookieBase | 0x10)
)

// line writes the histogram of the second that starts at startMs, milliseconds since
// 1970; tag may be empty.
func (g *hlogWriter) line(tag string, startMs int64, h *hdrhistogram.Histogram) error {
	g.encode(h)
	g.packed.Reset()
	g.packed.Write(make([]byte, 8))
	if g.deflate == nil {
		// A histogram of a second has some hundred bytes: more effort saves a few of them.
		d, err := zlib.NewWriterLevel(&g.packed, zlib.BestSpeed)
		if err != nil {
			return err
		}
		g.deflate = d
	} else {
		g.deflate.Reset(&g.packed)
	}
	if _, err := g.deflate.Write(g.payload); err != nil {
		return err
	}
	if err := g.deflate.Close(); err != nil {
		return err
	}
	raw := g.packed.Bytes()
	binary.BigEndian.PutUint32(raw, packedCookie)
	binary.BigEndian.PutUint32(raw[4:], uint32(len(raw)-8))
	if tag != "" {
		tag = "Tag=" + tag + ","
	}
	longest := time.Duration(h.Max()) * time.Microsecond
	_, err := fmt.Fprintf(g.w, "%s%f,%f,%f,%s\n", tag, float64(startMs-g.base)/1000, time.Second.Seconds(), longest.Seconds(),
		base64.StdEncoding.EncodeToString(raw))
	return err
}

// encode writes h to payload: the header and the counts, as the encoding V2 of
// HdrHistogram has them. Two zeros or more are one negative number. Numbers are zigzag LEB128;
// the format's own form of those above 2^55 is not needed, as no second has so many values.
func (g *hlogWriter) encode(h *hdrhistogram.Histogram) {
	s := h.Export()
	b := binary.BigEndian.AppendUint32(g.payload[:0], payloadCookie)
	b = append(b, make([]byte, 8)...) // the payload's length, which follows below, and no offset
	b = binary.BigEndian.AppendUint32(b, uint32(s.SignificantFigures))
	b = binary.BigEndian.AppendUint64(b, uint64(s.LowestTrackableValue))
	b = binary.BigEndian.AppendUint64(b, uint64(s.HighestTrackableValue))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(1))
	var zeros int64
	for _, n := range s.Counts {
		if n == 0 {
			zeros++
			continue
		}
		switch zeros {
		case 0:
		case 1:
			b = append(b, 0)
		default:
			b = binary.AppendVarint(b, -zeros)
		}
		zeros = 0
		b = binary.AppendVarint(b, n)
	}
	if len(b) == headerSize {
		b = append(b, 0) // of an empty histogram the format has the first count
	}
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-headerSize))
	g.payload = b
}
