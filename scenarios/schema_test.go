package scenarios

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	"github.com/slotstorm/slotstorm/internal/metrics"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "write golden files and the schema")

const schemaFile = "scenario.schema.json"

// generateSchema makes the schema of Scenario: shapes and limits from the
// types and tags, descriptions from the comments, defaults from Defaults.
func generateSchema(t *testing.T) []byte {
	t.Helper()
	r := jsonschema.Reflector{
		Anonymous:                  true,
		RequiredFromJSONSchemaTags: true,
		FieldNameTag:               "yaml",
		Mapper:                     schemaOf,
	}
	pkg := reflect.TypeFor[Scenario]().PkgPath()
	if err := r.AddGoComments(pkg, "./", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	for at, text := range r.CommentMap {
		text = strings.ReplaceAll(text, "\n", " ")
		if name := strings.TrimPrefix(at, pkg+"."); !strings.Contains(name, ".") {
			text = forUsers(name, text)
		}
		r.CommentMap[at] = text
	}
	s := r.Reflect(&Scenario{})
	s.Title = "slotstorm scenario"
	for _, def := range s.Definitions {
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			namePatterns(p.Value)
		}
	}
	setDefaults(t, s)
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// forUsers is the comment of a type for those who write YAML: without the type's name,
// with which a comment of Go begins.
func forUsers(name, text string) string {
	for _, beginning := range []string{name + " is ", name + " are ", name + " "} {
		if rest, ok := strings.CutPrefix(text, beginning); ok {
			return strings.ToUpper(rest[:1]) + rest[1:]
		}
	}
	return text
}

// schemaOf gives the types that are written as a text, and maps.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	number := &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0", Maximum: "10000000"}
	const duration = `^[0-9.]+(ns|us|µs|ms|s|m|h)([0-9.]+(ns|us|µs|ms|s|m|h))*$|^0$`
	switch t {
	case reflect.TypeFor[Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: duration}
	case reflect.TypeFor[Away]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Pattern: duration}, {Const: forever}}}
	case reflect.TypeFor[Rate]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{number, {Const: "max"}}}
	case reflect.TypeFor[Target]():
		return &jsonschema.Schema{
			Type: "string", Pattern: "^(" + targetPattern + ")$",
			Examples: []any{"primary of shard 0", "replica of the hottest slot", "primary of key user:1", "random primary", "minority of primaries", "all nodes"},
		}
	case reflect.TypeFor[Party]():
		return &jsonschema.Schema{
			Type: "string", Pattern: "^(" + clientPattern + "|" + targetPattern + ")$",
			Examples: []any{"primary of shard 0", "generator 1", "clients", "rest"},
		}
	case reflect.TypeFor[Permission]():
		var words []any
		for _, p := range permissions {
			words = append(words, p)
		}
		return &jsonschema.Schema{Type: "string", Enum: words}
	case reflect.TypeFor[Amount]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "integer", Minimum: "1", Maximum: "1000000000"}, {Type: "string", Pattern: `^[0-9.]+%$`}}}
	case reflect.TypeFor[AnyValue]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
	case reflect.TypeFor[Bound]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number", Minimum: "0"}}}
	case reflect.TypeFor[map[string]string]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{
			OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}},
		}}
	}
	return nil
}

// namePatterns writes out the formats that tags name, and the metrics.
func namePatterns(s *jsonschema.Schema) {
	for _, f := range formats {
		if s.Format == f.name {
			s.Format, s.Pattern = "", f.pattern.String()
		}
	}
	if s.Format == "metric" {
		s.Format = ""
		for _, m := range metrics.All() {
			s.Enum = append(s.Enum, m.Name)
		}
	}
}

func setDefaults(t *testing.T, root *jsonschema.Schema) {
	t.Helper()
	for _, d := range defaults() {
		names := strings.Split(strings.ReplaceAll(d.Path, "[0]", ""), ".")
		s := deref(root, root)
		for _, name := range names {
			next, ok := s.Properties.Get(name)
			if !ok {
				t.Fatalf("no %s of %s in the schema", name, d.Path)
			}
			if s = next; name != names[len(names)-1] {
				s = deref(root, s)
			}
		}
		if err := yaml.Unmarshal([]byte(d.Value), &s.Default); err != nil {
			t.Fatal(err)
		}
	}
}

func deref(root, s *jsonschema.Schema) *jsonschema.Schema {
	if s.Items != nil {
		s = s.Items
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return root.Definitions[name]
	}
	return s
}

func TestSchemaIsFresh(t *testing.T) {
	want := generateSchema(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := Schema()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale (%v): run go generate ./scenarios", schemaFile, err)
	}
}

// Every field is described, so that an editor can explain it.
func TestSchemaDescribesEveryField(t *testing.T) {
	var s jsonschema.Schema
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	for name, def := range s.Definitions {
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			if p.Value.Description == "" && p.Value.Ref == "" && name != "GoRedisOptions" {
				t.Errorf("%s.%s has no description", name, p.Key)
			}
		}
	}
}

// The lists that other packages range over are those that the tags allow.
func TestEnumsAgreeWithTags(t *testing.T) {
	for _, c := range []struct {
		of    reflect.Type
		field string
		list  []string
	}{
		{reflect.TypeFor[Scenario](), "APIVersion", []string{Version}},
		{reflect.TypeFor[Scenario](), "Kind", []string{Kind}},
		{reflect.TypeFor[Cluster](), "Provider", Providers},
		{reflect.TypeFor[Command](), "Command", Commands},
		{reflect.TypeFor[Command](), "Type", KeyTypes},
	} {
		f, _ := c.of.FieldByName(c.field)
		if got := rulesOf(f).enum; !slices.Equal(got, c.list) {
			t.Errorf("%s.%s allows %q, the list is %q", c.of.Name(), c.field, got, c.list)
		}
	}
}

func TestValidFilesConformToSchema(t *testing.T) {
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	for _, file := range validFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := yaml.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		if err := conforms(root, root, v, "$"); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if err := conforms(root, root, map[string]any{"kind": "Scenario", "shards": 3}, "$"); err == nil {
		t.Error("the schema takes an unknown field")
	}
}

// conforms checks v against the keywords that scenario.schema.json uses.
func conforms(root, s map[string]any, v any, at string) error {
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/$defs/")
		return conforms(root, root["$defs"].(map[string]any)[name].(map[string]any), v, at)
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		options, ok := s[word].([]any)
		fits := slices.ContainsFunc(options, func(o any) bool { return conforms(root, o.(map[string]any), v, at) == nil })
		if ok && !fits {
			return fmt.Errorf("%s: %v fits no option of %s", at, v, word)
		}
	}
	if enum, ok := s["enum"].([]any); ok && !slices.ContainsFunc(enum, func(e any) bool { return fmt.Sprint(e) == fmt.Sprint(v) }) {
		return fmt.Errorf("%s: %v is not in %v", at, v, enum)
	}
	if c, ok := s["const"]; ok && c != v {
		return fmt.Errorf("%s: %v is not %v", at, v, c)
	}
	switch v := v.(type) {
	case map[string]any:
		return conformsObject(root, s, v, at)
	case []any:
		items, ok := s["items"].(map[string]any)
		if !ok {
			return fmt.Errorf("%s: a list where the schema has none", at)
		}
		for i, item := range v {
			if err := conforms(root, items, item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case string:
		if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			return fmt.Errorf("%s: %q does not match %s", at, v, p)
		}
		if want, ok := s["type"]; ok && want != "string" {
			return fmt.Errorf("%s: %q is not a %s", at, v, want)
		}
	case int, float64:
		if want, ok := s["type"]; ok && want != "number" && want != "integer" {
			return fmt.Errorf("%s: %v is not a %s", at, v, want)
		}
		n := reflect.ValueOf(v).Convert(reflect.TypeFor[float64]()).Float()
		if least, ok := s["minimum"].(float64); ok && n < least {
			return fmt.Errorf("%s: %v is below %v", at, v, least)
		}
		if most, ok := s["maximum"].(float64); ok && n > most {
			return fmt.Errorf("%s: %v is above %v", at, v, most)
		}
	case bool:
		if want, ok := s["type"]; ok && want != "boolean" {
			return fmt.Errorf("%s: %v is not a %s", at, v, want)
		}
	}
	return nil
}

func conformsObject(root, s, v map[string]any, at string) error {
	properties, _ := s["properties"].(map[string]any)
	for name, value := range v {
		if p, ok := properties[name].(map[string]any); ok {
			if err := conforms(root, p, value, at+"."+name); err != nil {
				return err
			}
			continue
		}
		more, ok := s["additionalProperties"].(map[string]any)
		if !ok && properties == nil {
			continue // as in the options of oneOf, which only require
		}
		if !ok {
			return fmt.Errorf("%s: unknown field %s", at, name)
		}
		if err := conforms(root, more, value, at+"."+name); err != nil {
			return err
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Errorf("%s: %s is missing", at, name)
		}
	}
	return nil
}

// validFiles are the built-in scenarios and the valid test data.
func validFiles(t *testing.T) []string {
	t.Helper()
	valid, err := filepath.Glob("testdata/valid-*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	builtin, err := filepath.Glob("builtin/*.yaml")
	if err != nil || len(valid) == 0 || len(builtin) == 0 {
		t.Fatalf("no valid files: %v", err)
	}
	return append(valid, builtin...)
}
