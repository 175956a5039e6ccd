package scenarios

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestParseTemplate(t *testing.T) {
	got, err := ParseTemplate("\tSETRANGE {key:hash+2} a{random:9}b{value}  {index} }x ")
	want := [][]Piece{
		{{Text: "SETRANGE"}},
		{{Kind: KeyPiece, Type: "hash", N: 2}},
		{{Text: "a"}, {Kind: RandomPiece, N: 9}, {Text: "b"}, {Kind: ValuePiece}},
		{{Kind: IndexPiece}},
		{{Text: "}x"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"", " ", "{key}", "G{key}", "GET {", "GET {}", "GET {key", "GET {key:}", "GET {key:string+}", "GET {key+0}", "GET {key+1001}", "GET {random:-1}", "GET {random:x}", "GET {values}", "GET {key value}", `"" x`, `"A B" x`, `GET "a`, `GET 'a`, `GET it's`, `GET "a\`, `GET {key"}"`} {
		if args, err := ParseTemplate(text); err == nil || !strings.Contains(err.Error(), ": ") {
			t.Errorf("%q: %v, %v", text, args, err)
		}
	}
}

// Quoted text is one literal argument, or a part of one, whatever it holds.
func TestParseQuotedTemplate(t *testing.T) {
	for text, want := range map[string][][]Piece{
		`SET k "two words"`:                   {{{Text: "SET"}}, {{Text: "k"}}, {{Text: "two words"}}},
		`JSON.SET {key} $ '{"a": {"b": 1}}'`:  {{{Text: "JSON.SET"}}, {{Kind: KeyPiece, Type: "string"}}, {{Text: "$"}}, {{Text: `{"a": {"b": 1}}`}}},
		`GET "{user}:1"`:                      {{{Text: "GET"}}, {{Text: "{user}:1"}}},
		`SET "" ''`:                           {{{Text: "SET"}}, {{}}, {{}}},
		`SET a"b c"d'e f' x`:                  {{{Text: "SET"}}, {{Text: "ab cde f"}}, {{Text: "x"}}},
		`SET "{a}:"{key}" "{value} x`:         {{{Text: "SET"}}, {{Text: "{a}:"}, {Kind: KeyPiece, Type: "string"}, {Text: " "}, {Kind: ValuePiece}}, {{Text: "x"}}},
		`SET k "\n\r\t\b\a\x41\xff\"\\\q\xz"`: {{{Text: "SET"}}, {{Text: "k"}}, {{Text: "\n\r\t\b\aA\xff\"\\qxz"}}},
		`SET k 'a\'b\n"'`:                     {{{Text: "SET"}}, {{Text: "k"}}, {{Text: `a'b\n"`}}},
		"SET k 'a\n b'\n\tEX\u00a09":          {{{Text: "SET"}}, {{Text: "k"}}, {{Text: "a\n b"}}, {{Text: "EX"}}, {{Text: "9"}}},
		`"get" k`:                             {{{Text: "get"}}, {{Text: "k"}}},
	} {
		if got, err := ParseTemplate(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s gives\n%+v, %v, want\n%+v", text, got, err, want)
		}
	}
}

// Labels are the names of commands, however the template is written.
func TestLabelsOfTemplates(t *testing.T) {
	for raw, want := range map[string]string{"get {key}": "GET", " json.set\t{key} $ 1": "JSON.SET", "\"PING\"": "PING", "PING\n": "PING"} {
		if got := (Command{Command: "RAW", Raw: raw}).Label(); got != want {
			t.Errorf("%q is called %q, want %q", raw, got, want)
		}
	}
}

func FuzzParseTemplate(f *testing.F) {
	for _, s := range []string{"GET {key}", "SET {key:set+1} a{value}b {random:10}", "X {", "{}", "X {key+99999999999999999999}", `X "a b" '{c}'`, `X "\x4`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		args, err := ParseTemplate(text)
		if err == nil && (len(args) == 0 || !strings.ContainsAny(text, `"'`) && len(args) != len(strings.Fields(text))) {
			t.Errorf("%q has %d arguments", text, len(args))
		}
		for _, a := range args {
			if len(a) == 0 {
				t.Errorf("%q has an argument of nothing", text)
			}
		}
		if err == nil && slices.ContainsFunc(KeyArgs(args), func(i int) bool { return i < 1 || i >= len(args) }) {
			t.Errorf("%q has keys %v, and %d arguments", text, KeyArgs(args), len(args))
		}
	})
}

func TestAmount(t *testing.T) {
	for text, want := range map[string]int64{"100%": 1000, "50%": 500, "0.01%": 1, "33.33%": 334, "1": 1, "999": 999, "1000000": 1000} {
		var a Amount
		if err := a.UnmarshalText([]byte(text)); err != nil || a.Of(1000) != want || a.String() != text {
			t.Errorf("%s of 1000 is %d, written %s, %v; want %d", text, a.Of(1000), a, err, want)
		}
		out, err := json.Marshal(a)
		var again Amount
		if err != nil || json.Unmarshal(out, &again) != nil || again != a {
			t.Errorf("%s is %s as JSON, read back as %v", text, out, again)
		}
		if out, err = yaml.Marshal(a); err != nil || strings.Trim(string(out), "\n\"") != text {
			t.Errorf("%s is %s as YAML, %v", text, out, err)
		}
	}
	for _, text := range []string{"", "%", "0", "0%", "101%", "-1", "1.5", "1e13", "nan", "all"} {
		var a Amount
		if err := a.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is the amount %v", text, a)
		}
	}
}

// Every profile is complete, and what a scenario states goes before it.
func TestProfiles(t *testing.T) {
	profile, _ := reflect.TypeFor[Workload]().FieldByName("Profile")
	for _, name := range rulesOf(profile).enum {
		s, err := Load("testdata/valid-minimal.yaml", "workload.profile="+name, "workload.keys.count=77", "workload.values.size=9", "workload.keys.distribution=zipfian", "workload.keys.scrambled=false")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		w := s.Workload
		if w.Keys.Count != 77 || w.Values.Size != 9 || w.Values.Range != nil || w.Values.LogNormal != nil || w.Keys.Scrambled {
			t.Errorf("%s goes before what is stated: %+v %+v", name, w.Keys, w.Values)
		}
		if reflect.DeepEqual(w.Mix, shapeOf("").mix) {
			t.Errorf("%s has no mix of its own", name)
		}
		roundTrip(t, s)
	}
}

// What is stated goes before the tuned client, whose options are all stated in
// what a run keeps.
func TestTunedClient(t *testing.T) {
	s, err := Load("testdata/valid-minimal.yaml", "workload.client.profile=tuned", "workload.client.options.readTimeout=2s", "workload.client.options.maxRetryBackoff=1ms", "workload.client.options.dialTimeout=0s")
	if err != nil {
		t.Fatal(err)
	}
	want := tuned()
	want.ReadTimeout, want.MinRetryBackoff, want.MaxRetryBackoff = seconds(2), 0, milliseconds(1)
	if s.Workload.Client.Options != want {
		t.Errorf("%+v", s.Workload.Client.Options)
	}
	roundTrip(t, s)
}

// A file of times is found beside the scenario, wherever that is loaded from.
func TestReplayIsRelativeToItsScenario(t *testing.T) {
	s, err := Load("testdata/valid-minimal.yaml", "workload.pattern.replay.file=times.txt")
	if err != nil || s.Workload.Pattern.Replay.File != "testdata/times.txt" {
		t.Errorf("%+v, %v", s, err)
	}
	absolute, err := filepath.Abs("testdata/times.txt")
	if err != nil {
		t.Fatal(err)
	}
	s, err = Load("testdata/valid-minimal.yaml", "workload.pattern.replay.file="+absolute)
	if err != nil || s.Workload.Pattern.Replay.File != absolute {
		t.Errorf("%+v, %v", s, err)
	}
	// The scenario of a bundle is read where its files need not be.
	data, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if s, err = Parse("elsewhere/scenario.yaml", bytes.Replace(data, []byte(absolute), []byte("gone.txt"), 1)); err != nil || s.Workload.Pattern.Replay.File != "elsewhere/gone.txt" {
		t.Errorf("%+v, %v", s, err)
	}
}

// The curve has no gaps, and Due adds up over it.
func TestCurveHasNoGaps(t *testing.T) {
	zero := 0.0
	for _, p := range []*Pattern{
		nil,
		{Ramp: &Ramp{From: &zero, To: 5, Over: seconds(3), At: seconds(1)}},
		{Steps: []RateStep{{At: 0, Rate: 3}, {At: seconds(4), Rate: 0}}},
		{Bursts: &Bursts{Rate: 9, Length: seconds(1), Every: seconds(2)}},
		{Replay: &Replay{File: "x"}},
	} {
		for _, warmup := range []Duration{0, seconds(2)} {
			w := Workload{Rate: Rate{PerSecond: 2}, Pattern: p, Warmup: warmup}
			c, at := w.Curve(), 0.0
			for n := 0; at < 100; n++ {
				s := c.Stretch(n)
				if s.Start != at || s.End <= s.Start || math.IsNaN(s.Area(s.End)) {
					t.Fatalf("%+v: stretch %d is %+v, the one before ends at %v", p, n, s, at)
				}
				at = s.End
			}
			a, known := w.Due(0, seconds(7))
			b, _ := w.Due(seconds(7), seconds(30))
			whole, _ := w.Due(0, seconds(30))
			if known && math.Abs(a+b-whole) > 1e-9 {
				t.Errorf("%+v: %v and %v requests are %v in all", p, a, b, whole)
			}
		}
	}
	closed := Workload{Rate: Rate{Max: true}}
	if _, known := closed.Due(0, seconds(1)); known {
		t.Error("a closed loop has a known rate")
	}
}

// Every fragment of YAML that the documentation of the load shows is valid.
func TestDocumentedLoadIsValid(t *testing.T) {
	fragments := 0
	for _, file := range []string{"../docs/workload.md", "../docs/profiles.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(text), "```") {
			block, isYAML := strings.CutPrefix(block, "yaml\n")
			if i%2 == 0 || !isYAML {
				continue
			}
			// A block lists fields of workload, some of them in several ways.
			block = strings.TrimPrefix(block, "workload:\n")
			var fields []string
			for line := range strings.Lines(block) {
				if line[0] != ' ' && line[0] != '\n' || len(fields) == 0 {
					fields = append(fields, "")
				}
				fields[len(fields)-1] += "  " + line
			}
			for _, f := range fields {
				if strings.TrimSpace(f) == "" {
					continue
				}
				fragments++
				yaml := "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: doc}\ntimeline: {phases: [{name: a, duration: 1m}]}\nworkload:\n" + f
				if _, err := Parse(file, []byte(yaml)); err != nil {
					t.Errorf("%v\n%s", err, f)
				}
			}
		}
	}
	if fragments < 20 {
		t.Errorf("only %d fragments were found", fragments)
	}
}
