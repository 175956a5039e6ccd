package scenarios

import _ "embed"

// The schema is generated from the types, their tags and their comments; the
// test that checks it writes it too.
//
//go:generate go test -run TestSchemaIsFresh -update .

//go:embed scenario.schema.json
var schema []byte

// Schema is the JSON Schema of a scenario file, draft 2020-12, for editors. It
// knows what each field may hold; what fields may hold together, Load knows.
// The error is always nil.
func Schema() ([]byte, error) { return append([]byte(nil), schema...), nil }
