//go:build e2e && linux

package hostile

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// good is a bundle that opens.
const good = "../../examples/nightly/runs/nightly-20261123T031026Z-83ae"

// harm does something to the bundle in dir; canary is a file outside of it.
type harm struct {
	name string
	do   func(t *testing.T, dir, canary string)
}

// bundleHarms are hostile bundles: each file in each form, each field of run.json
// and of the lines with a word that does not belong there, histograms that claim
// more than they hold, names that lead elsewhere.
func bundleHarms(t *testing.T) []harm {
	t.Helper()
	var list []harm
	for _, name := range []string{
		results.RunFile, results.ScenarioFile, results.EventsFile, results.SeriesFile, results.HlogFile, results.JournalFile,
		results.LedgerFile, results.ReadsFile, results.FindingsFile, results.SumsFile, "report.md", "report.html", "report.html.part", "plots", "nodes", results.VolumesDir,
	} {
		for _, f := range forms {
			list = append(list, harm{name + "/" + f.name, func(t *testing.T, dir, canary string) {
				path, text := filepath.Join(dir, name), ""
				if raw, err := os.ReadFile(path); err == nil {
					text = string(raw)
				}
				must(t, os.RemoveAll(path))
				f.put(t, path, text, canary)
			}})
		}
	}
	step := 4 // enough for every change; all of them take minutes
	if os.Getenv("SLOTSTORM_SOAK") != "" {
		step = 1
	}
	for i := 0; i < len(leaves(t, read(t, filepath.Join(good, results.RunFile)))); i += step {
		v := values[i%len(values)]
		list = append(list, harm{fmt.Sprintf("run.json field %d/%s", i, v), func(t *testing.T, dir, _ string) {
			replace(t, filepath.Join(dir, results.RunFile), i, v)
		}})
	}
	for _, name := range []string{results.SeriesFile, results.EventsFile} {
		for i := range 8 {
			for _, v := range values {
				list = append(list, harm{fmt.Sprintf("%s field %d/%s", name, i, v), func(t *testing.T, dir, _ string) {
					replaceInLine(t, filepath.Join(dir, name), i, v)
				}})
			}
		}
	}
	return slices.Concat(list, histogramHarms(), namedHarms())
}

// values stand in place of a value in JSON.
var values = []string{
	`-1`, `2000000000`, `9223372036854775807`, `1e308`, `null`, `{}`, `[]`, `"\u001b]0;owned\u0007\u202e\u200b"`, `"![x](http://127.0.0.1:1)<script>"`, `"../../../canary"`, `true`, `"2026-13-45T99:99:99Z"`,
}

// histogramHarms are logs of histograms that cost much.
func histogramHarms() []harm {
	line := func(at float64, h *hdrhistogram.Histogram) string {
		var b bytes.Buffer
		w := hdrhistogram.NewHistogramLogWriter(&b)
		h.SetStartTimeMs(int64(at * 1000))
		h.SetEndTimeMs(int64(at*1000) + 1000)
		if err := w.OutputIntervalHistogram(h); err != nil {
			return err.Error()
		}
		return b.String()
	}
	add := func(text func() string) func(t *testing.T, dir, _ string) {
		return func(t *testing.T, dir, _ string) {
			path := filepath.Join(dir, results.HlogFile)
			write(t, path, read(t, path)+text())
		}
	}
	ordinary := func() *hdrhistogram.Histogram {
		return hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	}
	return []harm{
		{"histograms/400 wide ones", add(func() string {
			wide := hdrhistogram.New(1, 1<<50, 5)
			_ = wide.RecordValue(1)
			return strings.Repeat(line(3.4, wide), 400)
		})},
		{"histograms/narrow ones", add(func() string { return line(3.4, hdrhistogram.New(1, 10, 1)) })},
		{"histograms/a second far ahead", add(func() string { return line(1e12, ordinary()) })},
		{"histograms/a second long past", add(func() string { return line(-1e12, ordinary()) })},
		{"histograms/counts beyond int64", add(func() string {
			h := ordinary()
			for range 3 {
				_ = h.RecordValues(1, math.MaxInt64)
			}
			return line(3.4, h)
		})},
		{"histograms/no base64", add(func() string { return "3.4,1.0,0.1,HISTF????\n" })},
		{"histograms/no number", add(func() string { return "NaN,Inf,-Inf,HISTFAAAACx42g==\n" })},
		{"histograms/tags of the terminal", add(func() string { return "Tag=\x1b]0;x\a\u202e," + line(3.4, ordinary()) })},
		{"histograms/shard of a billion", add(func() string { return "Tag=response@1000000000," + line(3.4, ordinary()) })},
		{"histograms/shard before the first", add(func() string { return "Tag=response@-1," + line(3.4, ordinary()) })},
		{"histograms/a thousand commands", add(func() string {
			var b strings.Builder
			for i := range 1000 {
				fmt.Fprintf(&b, "Tag=response/C%d,%s", i, line(3.4, ordinary()))
			}
			return b.String()
		})},
	}
}

// namedHarms are harms by the names of files.
func namedHarms() []harm {
	return []harm{
		{"names/a line break", func(t *testing.T, dir, _ string) { write(t, filepath.Join(dir, "a\nb\x1b]0;x\a"), "x") }},
		{"names/a link in plots", func(t *testing.T, dir, canary string) {
			must(t, os.MkdirAll(filepath.Join(dir, "plots"), 0o755))
			for _, name := range []string{"throughput.svg", "latency.svg", "throughput.svg.part", "latency.svg.part"} {
				must(t, os.Symlink(canary, filepath.Join(dir, "plots", name)))
			}
		}},
		{"names/plots is elsewhere", func(t *testing.T, dir, canary string) {
			must(t, os.RemoveAll(filepath.Join(dir, "plots")))
			must(t, os.Symlink(filepath.Dir(canary), filepath.Join(dir, "plots")))
		}},
		{"names/the audit is elsewhere", func(t *testing.T, dir, canary string) {
			must(t, os.RemoveAll(filepath.Join(dir, "audit")))
			must(t, os.Symlink(filepath.Dir(canary), filepath.Join(dir, "audit")))
		}},
		{"names/sums of files outside", func(t *testing.T, dir, canary string) {
			path := filepath.Join(dir, results.SumsFile)
			sum := sha256.Sum256([]byte(untouched))
			write(t, path, read(t, path)+fmt.Sprintf("%x  ../../../../../..%s\n%x  %s\n", sum, canary, sum, canary))
		}},
		{"names/a thousand files", func(t *testing.T, dir, _ string) {
			must(t, os.MkdirAll(filepath.Join(dir, "nodes"), 0o755))
			for i := range 1000 {
				write(t, filepath.Join(dir, "nodes", fmt.Sprintf("node-%d.log", i)), "")
			}
		}},
		{"names/deep folders", func(t *testing.T, dir, _ string) {
			must(t, os.MkdirAll(filepath.Join(dir, strings.Repeat("d/", 500)), 0o755))
		}},
	}
}

// leaves are where the values of a JSON text stand that are no lists or maps: from
// and to.
func leaves(t *testing.T, text string) [][2]int {
	t.Helper()
	var list [][2]int
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var keys []bool // of the maps and lists around: whether a key comes next; lists have none
	for {
		before := d.InputOffset()
		tok, err := d.Token()
		if err != nil {
			return list
		}
		if delim, ok := tok.(json.Delim); ok {
			switch delim {
			case '{':
				keys = append(keys, true)
				continue
			case '[':
				keys = append(keys, false)
				continue
			}
			keys = keys[:len(keys)-1]
		} else if n := len(keys); n > 0 && keys[n-1] {
			// A key: its value is next.
			keys[n-1] = false
			keyed(t, d, &list, &keys)
			keys[n-1] = true
			continue
		} else {
			from := before + int64(strings.IndexFunc(text[before:], func(r rune) bool { return !strings.ContainsRune(" \n\t,:", r) }))
			list = append(list, [2]int{int(from), int(d.InputOffset())})
		}
	}
}

// keyed reads the value of a key.
func keyed(t *testing.T, d *json.Decoder, list *[][2]int, _ *[]bool) {
	t.Helper()
	var raw json.RawMessage
	must(t, d.Decode(&raw))
	end := int(d.InputOffset())
	from := end - len(raw)
	if len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') {
		for _, inner := range leaves(t, string(raw)) {
			*list = append(*list, [2]int{from + inner[0], from + inner[1]})
		}
		return
	}
	*list = append(*list, [2]int{from, end})
}

// replace puts a value in place of the nth.
func replace(t *testing.T, path string, nth int, value string) {
	t.Helper()
	text := read(t, path)
	at := leaves(t, text)[nth]
	write(t, path, text[:at[0]]+value+text[at[1]:])
}

// replaceInLine does it in the second line of a file.
func replaceInLine(t *testing.T, path string, nth int, value string) {
	t.Helper()
	lines := strings.SplitAfter(read(t, path), "\n")
	list := leaves(t, lines[1])
	at := list[nth%len(list)]
	lines[1] = lines[1][:at[0]] + value + lines[1][at[1]:]
	write(t, path, strings.Join(lines, ""))
}

// reseal makes the sums of a bundle anew, so that it is not the seal that keeps the
// harm out: whoever forges a bundle seals it, too.
func reseal(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, results.SumsFile)
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return
	}
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == results.SumsFile {
			return err
		}
		var raw []byte
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() && info.Size() < 1<<30 {
			if raw, err = os.ReadFile(p); err != nil {
				return err
			}
		}
		rel, err := filepath.Rel(dir, p)
		if err == nil {
			fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(raw), filepath.ToSlash(rel))
		}
		return err
	}))
	write(t, path, b.String())
}

// forge makes a hostile bundle in the ground's results folder.
func (g *ground) forge(name string, h harm) string {
	g.t.Helper()
	dir := g.path("work", "results", "runs", name)
	must(g.t, os.CopyFS(dir, os.DirFS(good)))
	h.do(g.t, dir, g.canary())
	if !strings.HasPrefix(h.name, results.SumsFile) && !strings.HasPrefix(h.name, "names/sums") {
		reseal(g.t, dir)
	}
	return dir
}

const forged = "nightly-20261123T031300Z-0bad"

// TestBundles tries each harm with every verb that reads bundles; without SLOTSTORM_SOAK with
// two of them, in turn.
func TestBundles(t *testing.T) {
	t.Parallel()
	formats := []string{"text", "markdown", "json", "junit", "html", "csv"}
	for i, h := range bundleHarms(t) {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			g := newGround(t)
			dir := g.forge(forged, h)
			must(t, os.CopyFS(g.path("work", "good"), os.DirFS(good)))
			verbs := [][]string{
				{"report", dir, "--format", formats[i%len(formats)]},
				{"report", dir},
				{"audit", dir},
				{"compare", "good", dir},
				{"recover", dir},
			}
			for n, args := range verbs {
				if os.Getenv("SLOTSTORM_SOAK") == "" && n != i%len(verbs) && n != (i+1)%len(verbs) {
					continue
				}
				var by []string
				if args[0] == "recover" { // it sends signals: it runs where it sees no other process
					by = []string{"unshare", "--fork", "--pid", "--mount", "--mount-proc", "--kill-child"}
				}
				e := g.runIn(by, args...)
				if args[0] == "report" && len(args) > 2 && formats[i%len(formats)] == "html" {
					e.stdout = "" // a page is for a browser, and has tests of its own
				}
				g.harmless(e)
			}
			if read(t, filepath.Join(g.path("work", "good"), results.RunFile)) != read(t, filepath.Join(good, results.RunFile)) {
				t.Error("the good bundle was changed")
			}
		})
	}
}

// The verbs that read a whole folder show what is good in it, and name what is not.
func TestAFolderOfBadBundles(t *testing.T) {
	g := newGround(t)
	for i, h := range bundleHarms(t) {
		if strings.Contains(h.name, "long line") || strings.Contains(h.name, "line breaks") || i%3 != 0 {
			continue // 32 MB each: the disk is not what is tried
		}
		g.forge(fmt.Sprintf("nightly-20261123T0313%02dZ-%04x", i%60, i), h)
	}
	runs := g.path("work", "results", "runs")
	must(t, filepath.WalkDir(filepath.Dir(good), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || filepath.Dir(path) != filepath.Dir(good) {
			return err
		}
		return os.CopyFS(filepath.Join(runs, filepath.Base(path)), os.DirFS(path))
	}))
	for _, args := range [][]string{{"list"}, {"list", "--json"}, {"trend"}, {"trend", "--json"}, {"prune", "--keep", "1"}} {
		e := g.run(args...)
		g.harmless(e)
		if e.code != 0 && e.code != 4 {
			t.Errorf("%v: exit code %d\n%s", args, e.code, short(e.stderr))
		}
		if !strings.Contains(e.stdout, "a60f") && args[0] == "list" {
			t.Errorf("%v: the good runs are not shown\n%s", args, short(e.stdout))
		}
	}
}

// The corpus stays as large as it is said to be.
func TestSize(t *testing.T) {
	scenarios, bundles, hostileReplies := len(scenarioInputs(t)), len(bundleHarms(t)), 2*len(replies())
	t.Logf("%d scenarios, %d bundles, %d replies", scenarios, bundles, hostileReplies)
	if scenarios < 150 || bundles < 250 || hostileReplies < 30 {
		t.Errorf("%d scenarios, %d bundles, %d replies", scenarios, bundles, hostileReplies)
	}
}
