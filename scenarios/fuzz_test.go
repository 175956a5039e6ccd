package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Whatever the file and the override: Parse does not panic, places its errors
// as Errors with places that exist, and what it accepts survives YAML.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "builtin/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, "")
		}
	}
	minimal, err := os.ReadFile("testdata/valid-minimal.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range overrideCases {
		f.Add(minimal, c.set)
	}
	f.Fuzz(func(t *testing.T, data []byte, set string) {
		var overrides []string
		if set != "" {
			overrides = append(overrides, set)
		}
		s, err := Parse("fuzz.yaml", data, overrides...)
		if err == nil {
			roundTrip(t, s)
			return
		}
		var all Errors
		if !errors.As(err, &all) || len(all) == 0 || err.Error() == "" {
			t.Fatalf("not an Errors: %v", err)
		}
		lines := len(lineBreak.Split(string(data), -1))
		for _, e := range all {
			fromSet := e.File == "--set "+set && e.Line == 0
			if e.Message == "" || e.Column < 1 || !fromSet && (e.Line < 1 || e.Line > lines) {
				t.Errorf("no place: %+v", e)
			}
		}
	})
}
