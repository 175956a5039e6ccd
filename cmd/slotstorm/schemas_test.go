package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
)

// printed are the types that --json prints, by the names that schema knows.
var printed = map[string]any{
	"result": outcome{}, "comparison": compare.Comparison{}, "trend": []compare.Trend{}, "capacity": compare.Capacity{}, "tuning": compare.Tuning{},
}

// generateSchema reflects a type, its JSON tags and its comments.
func generateSchema(t *testing.T, name string) []byte {
	t.Helper()
	r := jsonschema.Reflector{AllowAdditionalProperties: true, Mapper: func(t reflect.Type) *jsonschema.Schema {
		switch t {
		case reflect.TypeFor[results.Duration]():
			return &jsonschema.Schema{Type: "number", Description: "Milliseconds."}
		case reflect.TypeFor[[]*float64](): // null where a value is missing
			return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "number"}, {Type: "null"}}}}
		case reflect.TypeFor[results.Slots]():
			return &jsonschema.Schema{Type: "string", Description: "Slots as CLUSTER NODES writes them: 0-5460 5462."}
		case reflect.TypeFor[json.RawMessage]():
			return jsonschema.TrueSchema
		}
		return nil
	}}
	for _, dir := range []string{"../../results", "../../report/compare", "../../report/facts", "../../report/statistics", "."} {
		if err := r.AddGoComments("github.com/slotstorm/slotstorm/cmd/slotstorm", dir); err != nil {
			t.Fatal(err)
		}
	}
	s := r.ReflectFromType(reflect.TypeOf(printed[name]))
	s.Title = "slotstorm " + name
	// The published ids do not follow packages.
	s.ID = jsonschema.ID(strings.Replace(string(s.ID), "/report/compare/", "/report/", 1))
	nullable(s)
	for _, d := range s.Definitions {
		nullable(d)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// nullable lets pointers and slices that are always printed be null.
func nullable(s *jsonschema.Schema) {
	if s.Properties == nil {
		return
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if v := p.Value; v.Type == "array" || v.Type == "number" || v.Ref != "" {
			p.Value = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{v, {Type: "null"}}, Description: v.Description}
			v.Description = ""
		}
	}
}

func TestSchemasAreFresh(t *testing.T) {
	t.Parallel()
	for name := range printed {
		golden(t, filepath.Join("schemas", name+".schema.json"), string(generateSchema(t, name)))
	}
}

// printedGolden compares JSON that a verb prints with its file. The module checks holds
// these files against the published schemas.
func printedGolden(t *testing.T, name, root, raw string) {
	t.Helper()
	golden(t, filepath.Join("testdata", "json", name+".json"), strings.ReplaceAll(raw, root, "RUNS"))
}

// TestOutputsGolden prints a comparison and the result of a run.
func TestOutputsGolden(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	steadyRuns(t, b, nil)
	root := t.TempDir()
	_, stdout, _ := b.do("run", "steady", "--against", "redis.binary=x", "--repeat", "4", "--out", root, "--json")
	printedGolden(t, "comparison", root, stdout)
	_, stdout, _ = do(t, "report", "latest", "--out", root, "--json")
	printedGolden(t, "result", root, stdout)
	_, stdout, _ = do(t, "schema", "comparison")
	contains(t, stdout, `"title": "slotstorm comparison"`, "Hodges and Lehmann")
}
