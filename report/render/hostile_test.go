package render

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/export"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/sections"
	"github.com/slotstorm/slotstorm/results"
)

func TestHostileGolden(t *testing.T) {
	b := fixture.Hostile()
	s := summary(t, b)
	s.Warnings = append(s.Warnings, "# no head", "> no quotation", "- no list", "3) no list", "===", "[x]: http://evil.example", "a@b, (@team)", "$x$ ~y~ 10 ~ 20")
	for name, render := range map[string]func(io.Writer) error{
		"hostile.md":  func(w io.Writer) error { return markdownOf(w, b, s) },
		"hostile.txt": func(w io.Writer) error { return textOf(w, b, s, false) },
		"hostile.xml": func(w io.Writer) error { return junit(w, b, s) },
	} {
		var out bytes.Buffer
		if err := render(&out); err != nil {
			t.Fatal(err)
		}
		fixture.Golden(t, name, out.Bytes())
	}
}

// Every text of every bundle goes through what shows it: whichever field a
// renderer takes up next, this fails if it does so bare.
func TestNoRenderingPassesOnWhatABundleHides(t *testing.T) {
	for name, b := range map[string]*results.Bundle{"killed": fixture.Killed(), "lossy": fixture.Lossy(), "pods": fixture.OnPods(), "repeated": fixture.Repeated(), "interrupted": fixture.Interrupted(), "upgraded": fixture.Upgraded()} {
		b, s := poisoned(t, b)
		list := []judge.Judged{{Run: &b.Run, Summary: s}}
		c := &compare.Comparison{Answer: compare.Worse, Pools: [2]*compare.Pool{{}, {}}, A: compare.Side{Name: fixture.Evil, LeftOut: []string{fixture.Evil}}, B: compare.Side{Name: fixture.Evil, Runs: []compare.RunRef{{ID: fixture.Evil, Verdict: fixture.Evil}}}, Reasons: []string{fixture.Evil}, Warnings: []string{fixture.Evil},
			Differs: []facts.Difference{{What: fixture.Evil, A: fixture.Evil, B: fixture.Evil}}}
		trend := []*compare.Trend{{Scenario: fixture.Evil, LeftOut: []string{fixture.Evil}, Runs: []compare.TrendRun{{ID: fixture.Evil}, {ID: fixture.Evil}},
			Series: []compare.TrendSeries{{FigureID: compare.FigureID{Metric: fixture.Evil, Phase: fixture.Evil, Command: fixture.Evil}, Values: []*float64{fixture.Ptr(1.0), fixture.Ptr(2.0)}, Key: true}}}}
		capacity := &compare.Capacity{Scenario: fixture.Evil, Server: results.Server{Product: fixture.Evil, Version: fixture.Evil}, Hold: fixture.Evil, Objectives: []string{fixture.Evil}, Answers: []compare.CapacityAnswer{{Limit: fixture.Evil, Steps: []compare.CapacityStep{{Run: fixture.Evil, Why: fixture.Evil}}}}}
		tuning := &compare.Tuning{Scenario: fixture.Evil, Condition: fixture.Evil, Unfinished: fixture.Evil, Steps: []compare.TimeoutStep{{Outcome: fixture.Evil, Runs: []compare.TimeoutRun{{Run: fixture.Evil, Outcome: fixture.Evil, Why: fixture.Evil}}}}, Kills: []compare.TimeoutKill{{Run: fixture.Evil, Why: fixture.Evil}}}
		for kind, render := range map[string]func(io.Writer) error{
			"text":              func(w io.Writer) error { return textOf(w, b, s, false) },
			"audit":             func(w io.Writer) error { return auditOf(w, b, s) },
			"matrix":            func(w io.Writer) error { return matrixOf(w, list) },
			"markdown":          func(w io.Writer) error { return markdownOf(w, b, s) },
			"short":             func(w io.Writer) error { return shortOf(w, list) },
			"html":              func(w io.Writer) error { return htmlOf(w, b, s) },
			"junit":             func(w io.Writer) error { return junit(w, b, s) },
			"openmetrics":       func(w io.Writer) error { return export.OpenMetrics(w, list) },
			"csv":               func(w io.Writer) error { return export.SeriesCSV(w, b) },
			"json":              func(w io.Writer) error { return export.SeriesJSON(w, b) },
			"sheet":             func(w io.Writer) error { return ifUpgraded(w, b, s, sheetHTML) },
			"sheet markdown":    func(w io.Writer) error { return ifUpgraded(w, b, s, sheetMarkdown) },
			"compare text":      func(w io.Writer) error { return compareText(w, c, false) },
			"compare markdown":  func(w io.Writer) error { return compareMarkdown(w, c) },
			"compare html":      func(w io.Writer) error { return compareHTML(w, c) },
			"trend text":        func(w io.Writer) error { return trendText(w, trend, false) },
			"trend markdown":    func(w io.Writer) error { return trendMarkdown(w, trend) },
			"trend html":        func(w io.Writer) error { return trendHTML(w, trend) },
			"trend csv":         func(w io.Writer) error { return export.TrendCSV(w, trend[0]) },
			"capacity text":     func(w io.Writer) error { return capacityText(w, capacity, false) },
			"capacity markdown": func(w io.Writer) error { return capacityMarkdown(w, capacity) },
			"capacity html":     func(w io.Writer) error { return capacityHTML(w, capacity) },
			"tuning text":       func(w io.Writer) error { return Text(w, false, 0, sections.Tuning(tuning)) },
			"tuning markdown":   func(w io.Writer) error { return Markdown(w, "##", sections.Tuning(tuning)) },
			"tuning html":       func(w io.Writer) error { return HTML(w, sections.Tuning(tuning)) },
		} {
			var out bytes.Buffer
			if err := render(&out); err != nil {
				t.Errorf("%s as %s: %v", name, kind, err)
			}
			if bad := fixture.Hidden(out.String()); bad != "" {
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
	b, s := poisoned(t, fixture.Killed())
	var out bytes.Buffer
	if err := textOf(&out, b, s, true); err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile("\x1b\\[[0-9;]*m")
	if bad := fixture.Hidden(own.ReplaceAllString(out.String(), "")); bad != "" {
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

func FuzzMarkdown(f *testing.F) {
	f.Add(fixture.Evil)
	for _, s := range []string{"plain", "# a", "[a](b)", "`", "~~~", "@a", "http://a", "1. a", "\\", "&amp;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := escape(s)
		if bad := fixture.Hidden(got); bad != "" || strings.ContainsAny(got, "\n\t") {
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
