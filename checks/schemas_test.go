package checks

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestOutputsConformToSchemas holds each kind of JSON that slotstorm prints against its
// published schema, and checks that the schema refuses another kind.
func TestOutputsConformToSchemas(t *testing.T) {
	names := []string{"capacity", "comparison", "result", "trend", "tuning"}
	for i, name := range names {
		s := schema(t, name)
		if err := s.Validate(value(t, golden(t, name+".json"))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if other := names[(i+1)%len(names)]; s.Validate(value(t, golden(t, other+".json"))) == nil {
			t.Errorf("the schema of %s accepts %s", name, other)
		}
	}
}

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../cmd/slotstorm/schemas/" + name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", value(t, text)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func value(t *testing.T, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
