package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	generator "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/results"
)

// printed are the types that --json prints, by the names that schema knows.
var printed = map[string]any{
	"result": outcome{}, "comparison": report.Comparison{}, "trend": []report.Trend{}, "capacity": report.Capacity{},
}

// generateSchema reflects a type, its JSON tags and its comments.
func generateSchema(t *testing.T, name string) []byte {
	t.Helper()
	r := generator.Reflector{AllowAdditionalProperties: true, Mapper: func(t reflect.Type) *generator.Schema {
		switch t {
		case reflect.TypeFor[results.Duration]():
			return &generator.Schema{Type: "number", Description: "Milliseconds."}
		case reflect.TypeFor[json.RawMessage]():
			return generator.TrueSchema
		}
		return nil
	}}
	for _, dir := range []string{"../../results", "../../report", "../../report/statistics", "."} {
		if err := r.AddGoComments("github.com/slotstorm/slotstorm/cmd/slotstorm", dir); err != nil {
			t.Fatal(err)
		}
	}
	s := r.ReflectFromType(reflect.TypeOf(printed[name]))
	s.Title = "slotstorm " + name
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
func nullable(s *generator.Schema) {
	if s.Properties == nil {
		return
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if v := p.Value; v.Type == "array" || v.Type == "number" || v.Ref != "" {
			p.Value = &generator.Schema{AnyOf: []*generator.Schema{v, {Type: "null"}}, Description: v.Description}
			v.Description = ""
		}
	}
}

func TestSchemasAreFresh(t *testing.T) {
	for name := range printed {
		golden(t, filepath.Join("schemas", name+".schema.json"), string(generateSchema(t, name)))
	}
}

// conforms checks JSON against the published schema.
func conforms(t *testing.T, name string, raw []byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("schemas", name+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(value); err != nil {
		t.Errorf("%s: %v in\n%s", name, err, raw)
	}
}

// TestOutputsConformToSchemas prints each kind of JSON, and checks that a schema
// refuses what is none.
func TestOutputsConformToSchemas(t *testing.T) {
	b := newBench(t)
	steadyRuns(t, b, nil)
	root := t.TempDir()
	_, stdout, _ := b.do("run", "steady", "--against", "redis.binary=x", "--repeat", "4", "--out", root, "--json")
	conforms(t, "comparison", []byte(stdout))
	_, stdout, _ = do(t, "report", "latest", "--out", root, "--json")
	conforms(t, "result", []byte(stdout))
	_, stdout, _ = do(t, "schema", "comparison")
	contains(t, stdout, `"title": "slotstorm comparison"`, "Hodges and Lehmann")
}
