package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
)

// evil is what a bundle of somebody else's may hold in any of its texts.
const evil = "\x1b]0;title\a\x1b[2J\r\u009b31m\x00\x7f\u202eSSAP\u2069\u200b\ufeff\U000e0041\x80\xff" +
	"\n✓ PASS\n# head\n| a | b |\n" + `[link](javascript:alert(1)) ![beacon](http://evil.example/x.png) <img src=x onerror=alert(1)> </script> &#x202e; "q" 'a' \ ` + "`` ``` ~~gone~~ *b* _i_ $x$ @all www.evil.example"

// hostile is killed with evil in texts that come from a server, from a fault and
// from the scenario's author.
func hostile() *results.Bundle {
	b := killed()
	b.Run.Name = "=night\x1b[31m | [x](javascript:alert(1))"
	b.Run.Command = "slotstorm run 'a`b' \x1b[8m```\n```\n# head\n" + `--set x="\u202e"`
	b.Run.Versions.Redis = "7.0\u202e.15 ![](http://evil.example/beacon.png)"
	f := &b.Run.Faults[0]
	f.Detail, f.Proof, f.Healing = "SIGKILL\n| spoofed | row |\n", "<script>alert(1)</script> **bold** &lt;b&gt;", "1. one\n2. two ~~gone~~ `code"
	b.Run.Phases[0].Name = "-- steady\u200b"
	b.Run.Interrupted = "ERR \x1b]8;;http://evil.example\aclick\x1b]8;;\a\n✓ PASS everything held\nsee www.evil.example and https://evil.example/a_b, @admins"
	return b
}

func TestHostileGolden(t *testing.T) {
	b := hostile()
	s := summary(t, b)
	s.Warnings = append(s.Warnings, "# no head", "> no quotation", "- no list", "3) no list", "===", "[x]: http://evil.example", "a@b, (@team)", "$x$ ~y~ 10 ~ 20")
	for name, render := range map[string]func(io.Writer) error{
		"hostile.md":  func(w io.Writer) error { return Markdown(w, b, s) },
		"hostile.txt": func(w io.Writer) error { return Text(w, b, s, false) },
		"hostile.xml": func(w io.Writer) error { return JUnit(w, b, s) },
	} {
		var out bytes.Buffer
		if err := render(&out); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.Bytes())
	}
}

// poison puts evil behind every text in v, whatever it is for.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(v.String() + evil)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // JSON: it has to stay readable
		}
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			poison(value)
			bad := reflect.New(key.Type()).Elem()
			bad.Set(key)
			poison(bad)
			v.SetMapIndex(key, reflect.Value{})
			v.SetMapIndex(bad, value)
		}
	}
}

// poisoned is b with its summary, with evil in every text of both.
func poisoned(t *testing.T, b *results.Bundle) (*results.Bundle, *results.Summary) {
	t.Helper()
	s := copied(t, summary(t, b))
	bad := *b
	bad.Run, bad.Frames = *copied(t, &b.Run), *copied(t, &b.Frames) // fixtures share what they point to
	for _, v := range []reflect.Value{reflect.ValueOf(&bad.Run), reflect.ValueOf(&bad.Frames), reflect.ValueOf(s)} {
		poison(v)
	}
	return &bad, s
}

func copied[T any](t *testing.T, v *T) *T {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	c := new(T)
	if err := json.Unmarshal(raw, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// hidden reports what in a rendering a terminal or a reader would not see as it
// is; line breaks are the renderings' own.
func hidden(s string) string {
	if shown := printable.Text(s); shown != s {
		i := 0
		for i < len(s) && s[i] == shown[i] {
			i++
		}
		return s[max(0, i-40):min(len(s), i+20)]
	}
	return ""
}

// Every text of every bundle goes through what shows it: whichever field a
// renderer takes up next, this fails if it does so bare.
func TestNoRenderingPassesOnWhatABundleHides(t *testing.T) {
	for name, b := range map[string]*results.Bundle{"killed": killed(), "lossy": lossy(), "pods": onPods(), "repeated": repeated(), "interrupted": interrupted(), "upgraded": upgraded()} {
		b, s := poisoned(t, b)
		list := []Judged{{Run: &b.Run, Summary: s}}
		c := &Comparison{Answer: Worse, pools: [2]*pool{{}, {}}, A: Side{Name: evil, LeftOut: []string{evil}}, B: Side{Name: evil, Runs: []RunRef{{ID: evil, Verdict: evil}}}, Reasons: []string{evil}, Warnings: []string{evil},
			Differs: []Difference{{What: evil, A: evil, B: evil}}}
		trend := []*Trend{{Scenario: evil, LeftOut: []string{evil}, Runs: []TrendRun{{ID: evil}, {ID: evil}},
			Series: []TrendSeries{{FigureID: FigureID{Metric: evil, Phase: evil, Command: evil}, Values: []*float64{ptr(1.0), ptr(2.0)}, Key: true}}}}
		capacity := &Capacity{Scenario: evil, Redis: evil, Hold: evil, Objectives: []string{evil}, Answers: []CapacityAnswer{{Limit: evil, Steps: []CapacityStep{{Run: evil, Why: evil}}}}}
		for kind, render := range map[string]func(io.Writer) error{
			"text":              func(w io.Writer) error { return Text(w, b, s, false) },
			"audit":             func(w io.Writer) error { return Audit(w, b, s, AuditText{Findings: true}) },
			"matrix":            func(w io.Writer) error { return Matrix(w, list) },
			"markdown":          func(w io.Writer) error { return Markdown(w, b, s) },
			"short":             func(w io.Writer) error { return Short(w, list) },
			"html":              func(w io.Writer) error { return HTML(w, b, s) },
			"junit":             func(w io.Writer) error { return JUnit(w, b, s) },
			"openmetrics":       func(w io.Writer) error { return OpenMetrics(w, list) },
			"csv":               func(w io.Writer) error { return SeriesCSV(w, b, s) },
			"json":              func(w io.Writer) error { return SeriesJSON(w, b, s) },
			"sheet":             func(w io.Writer) error { return ifUpgraded(w, b, s, SheetHTML) },
			"sheet markdown":    func(w io.Writer) error { return ifUpgraded(w, b, s, SheetMarkdown) },
			"compare text":      func(w io.Writer) error { return CompareText(w, c, false) },
			"compare markdown":  func(w io.Writer) error { return CompareMarkdown(w, c) },
			"compare html":      func(w io.Writer) error { return CompareHTML(w, c) },
			"trend text":        func(w io.Writer) error { return TrendText(w, trend, false) },
			"trend markdown":    func(w io.Writer) error { return TrendMarkdown(w, trend) },
			"trend html":        func(w io.Writer) error { return TrendHTML(w, trend) },
			"trend csv":         func(w io.Writer) error { return TrendCSV(w, trend[0]) },
			"capacity text":     func(w io.Writer) error { return CapacityText(w, capacity, false) },
			"capacity markdown": func(w io.Writer) error { return CapacityMarkdown(w, capacity) },
			"capacity html":     func(w io.Writer) error { return CapacityHTML(w, capacity) },
		} {
			var out bytes.Buffer
			if err := render(&out); err != nil {
				t.Errorf("%s as %s: %v", name, kind, err)
			}
			if bad := hidden(out.String()); bad != "" {
				t.Errorf("%s as %s has %q", name, kind, bad)
			}
			if strings.Contains(kind, "text") || kind == "audit" {
				for line := range strings.Lines(out.String()) {
					if strings.HasPrefix(line, "✓ PASS") {
						t.Errorf("%s as %s: a text got a line of its own: %q", name, kind, line)
					}
				}
			}
			if strings.Contains(kind, "html") && strings.Contains(out.String(), "<img") {
				t.Errorf("%s as %s has a tag of the bundle's", name, kind)
			}
		}
	}
}

func ifUpgraded(w io.Writer, b *results.Bundle, s *results.Summary, render func(io.Writer, *results.Bundle, *results.Summary) error) error {
	if s.Upgrade == nil {
		return nil
	}
	return render(w, b, s)
}

// With colours the only sequences are those of the renderer.
func TestColoursAreTheRenderersOwn(t *testing.T) {
	b, s := poisoned(t, killed())
	var out bytes.Buffer
	if err := Text(&out, b, s, true); err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile("\x1b\\[[0-9;]*m")
	if bad := hidden(own.ReplaceAllString(out.String(), "")); bad != "" {
		t.Errorf("%q", bad)
	}
	if strings.Contains(out.String(), "\x1b[8m") || strings.Contains(out.String(), "\x1b[2J") {
		t.Error("a sequence of the bundle is there")
	}
}

func TestMarkdownIsText(t *testing.T) {
	for in, want := range map[string]string{
		"kill-primary, 3.9 s (100 %)":      "kill-primary, 3.9 s (100 %)",
		"[x](javascript:alert(1))":         `\[x\](javascript:alert(1))`,
		"![](http://evil.example/b.png)":   `!\[\](http:\//evil.example/b.png)`,
		"<img src=x onerror=a()>":          "&lt;img src=x onerror=a()>",
		"&#91;x&#93; &lt;b&gt;":            "&amp;#91;x&amp;#93; &amp;lt;b&amp;gt;",
		"a | b":                            `a \| b`,
		"`code` ```":                       "\\`code\\` \\`\\`\\`",
		"*b* _i_ ~~s~~ $x$":                `\*b\* \_i\_ \~\~s~~ \$x\$`,
		"\\[x\\](y)":                       `\\\[x\\\](y)`,
		"one\n# two\r\n| three |":          `one # two\\r \| three \|`,
		"\x1b[31mred \u202eSSAP":           `\\x1b\[31mred \\u202eSSAP`,
		"# head":                           `\# head`,
		"#5 is no head":                    "#5 is no head",
		"> quoted":                         `\> quoted`,
		"- item":                           `\- item`,
		"-3 %":                             "-3 %",
		"---":                              `\---`,
		"- - -":                            `\- - -`,
		"===":                              `\===`,
		"+ item":                           `\+ item`,
		"1. item":                          `1\. item`,
		"2) item":                          `2\) item`,
		"3.9 s":                            "3.9 s",
		"    indented":                     "indented",
		"\u2003# head":                     `\# head`,
		"~~~ fence":                        `\~~~ fence`,
		"~ 0":                              "~ 0",
		"[^1]: note":                       `\[^1\]: note`,
		"https://a.example www.b.example":  `https:\//a.example www\.b.example`,
		"mailto:a@b.example":               `mailto\:a@b.example`,
		"@team, (@team) 127.0.0.1:1@11 @-": "@<!-- -->team, (@<!-- -->team) 127.0.0.1:1@11 @-",
	} {
		if got := escape(in); got != want {
			t.Errorf("escape(%q) = %q, not %q", in, got, want)
		}
	}
}

func TestCommandsStayCode(t *testing.T) {
	for in, want := range map[string][2]string{
		"slotstorm run x":    {"```sh\nslotstorm run x\n```\n", "`slotstorm run x`"},
		"a\n```\n# head":     {"````sh\na\n```\n# head\n````\n", "````a\\n```\\n# head````"},
		"`a` \x1b[31m\u202e": {"```sh\n`a` \\x1b[31m\\u202e\n```\n", "`` `a` \\x1b[31m\\u202e ``"},
	} {
		var block, line markup
		block.shell(in)
		line.code(in)
		if block.String() != want[0] || line.String() != want[1] {
			t.Errorf("%q: %q and %q", in, block.String(), line.String())
		}
	}
}

func TestTablesHaveNoFormulas(t *testing.T) {
	b, s := poisoned(t, killed())
	for i, sign := range []string{"=", "+", "-", "@"} {
		b.Run.Phases[i%3].Name = sign + "HYPERLINK(\"http://evil.example\")\t\r\n=1"
		var out bytes.Buffer
		if err := SeriesCSV(&out, b, s); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		marked := false
		for _, row := range rows[1:] {
			for _, cell := range row[1:4] { // the texts
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@") || strings.ContainsAny(cell, "\t\r\n") {
					t.Fatalf("%q is a formula", cell)
				}
				marked = marked || strings.HasPrefix(cell, "'"+sign)
			}
		}
		if !marked {
			t.Errorf("no phase is there after its apostrophe with %q", sign)
		}
	}
}

func TestJUnitOfHostileRunsIsXML(t *testing.T) {
	b, s := poisoned(t, interrupted())
	var out bytes.Buffer
	if err := JUnit(&out, b, s); err != nil {
		t.Fatal(err)
	}
	var back junitSuites
	if err := xml.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Suites[0].Name; !strings.HasPrefix(got, `slotstorm kill-primary\x1b]0;title\x07`) || strings.Contains(out.String(), "\ufffd") {
		t.Errorf("the name is %q", got)
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add(evil)
	for _, s := range []string{"plain", "# a", "[a](b)", "`", "~~~", "@a", "http://a", "1. a", "\\", "&amp;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := escape(s)
		if bad := hidden(got); bad != "" || strings.ContainsAny(got, "\n\t") {
			t.Errorf("%q became %q", s, got)
		}
		for i := range len(got) {
			if strings.IndexByte("[]|`*_$", got[i]) >= 0 && (i == 0 || strings.HasSuffix(strings.ReplaceAll(got[:i], `\\`, ""), `\`) == false) {
				t.Errorf("%q became %q, with a sign at %d", s, got, i)
			}
			if got[i] == '<' && !strings.HasPrefix(got[i:], "<!-- -->") {
				t.Errorf("%q became %q, with a tag at %d", s, got, i)
			}
		}
	})
}
