package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/scenarios/builtin"
)

// BuiltinInfo is a scenario that comes with slotstorm.
type BuiltinInfo struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Data is the YAML file, comments and all.
	Data []byte `json:"-"`
}

// Builtin lists the built-in scenarios by name.
func Builtin() []BuiltinInfo {
	names := builtin.Names()
	list := make([]BuiltinInfo, 0, len(names))
	for _, name := range names {
		data, _ := builtin.YAML(name)
		info := BuiltinInfo{Name: name, Data: data}
		if s, err := Parse(name+".yaml", data); err == nil {
			info.Description = s.Metadata.Description
		}
		list = append(list, info)
	}
	return list
}

// Load reads the scenario in the file at path; - is standard input. Where there is no such file,
// the last element of path may name a built-in scenario: kill-primary, or
// scenarios/kill-primary.yaml. Overrides are those of Parse. Mistakes in the
// scenario are an Errors; a file that cannot be read is not, and one that does
// not exist is an fs.ErrNotExist. The file of a replay is given relative to the
// working folder, or absolute; it has to exist.
func Load(path string, overrides ...string) (*Scenario, error) {
	s, _, err := Inspect(path, overrides...)
	return s, err
}

// Inspect is Load, and reports which defaults were filled in, in the order of
// the fields.
func Inspect(path string, overrides ...string) (*Scenario, []Default, error) {
	name, data, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	p, err := parse(name, data, overrides, withFiles)
	return p.scenario, p.defaults, err
}

// Commented is Load, and gives the file with its comments: without overrides as it is, with
// them as a file in which they are made, anchors are written out, and everything else
// means the same.
func Commented(path string, overrides ...string) ([]byte, error) {
	name, data, err := read(path)
	if err != nil {
		return nil, err
	}
	p, err := parse(name, data, overrides, withFiles)
	if err != nil || len(overrides) == 0 {
		return data, err
	}
	// YAML's parser keeps the CR of some lines in comments, and loses it of others.
	unix := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	d, _, _ := one(name, unix, overrides)
	text, err := d.write()
	if err != nil {
		return nil, err
	}
	if err := means(name, text, p.scenario); err != nil {
		return nil, err
	}
	if len(unix) < len(data) {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	return text, nil
}

// means is an error if text is not read as want. Comments move with the nodes of a tree,
// and what a tree cannot hold is put into comments, so a text is not used unseen.
func means(name string, text []byte, want *Scenario) error {
	got, err := Parse(name, text)
	if err != nil {
		return fmt.Errorf("%s with the changes would not be a scenario; leave --comments out: %w", name, err)
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s with its comments and the changes would be read as another scenario: leave --comments out", name)
	}
	return nil
}

// Expand is Load, and gives the runs of the scenario's matrix, the last axis changing
// first, or the scenario itself if it has none. The file is read once, so that it may
// be a pipe.
func Expand(path string, overrides ...string) (*Scenario, []Combination, error) {
	name, data, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	p, err := parse(name, data, overrides, withFiles)
	return p.scenario, p.combinations, err
}

// Parse makes a scenario of YAML. Name stands for the file in errors, and a replay
// is relative to its folder. Each override is path=value, such as redis.shards=5,
// timeline.faults[0].at=5s or metadata.labels["team.example/name"]=storage; its
// value is YAML, and null removes the field. Every mistake is in the error, an
// Errors, and so is every mistake of a combination of its matrix.
func Parse(name string, data []byte, overrides ...string) (*Scenario, error) {
	p, err := parse(name, data, overrides, alone)
	return p.scenario, err
}

// reach is whether the files that a scenario names have to exist here.
type reach bool

const (
	alone     reach = false
	withFiles reach = true
)

// parsed is what a file holds.
type parsed struct {
	document     *document
	scenario     *Scenario
	defaults     []Default
	combinations []Combination
}

func parse(name string, data []byte, overrides []string, files reach) (parsed, error) {
	d, s, applied := one(name, data, overrides)
	var combinations []Combination
	if len(d.errs) == 0 {
		combinations = d.combine(s, data, overrides)
	}
	if len(d.errs) == 0 && files == withFiles {
		for _, c := range append([]Combination{{Scenario: s}}, combinations...) {
			d.validateFiles(c.Scenario)
		}
	}
	if len(d.errs) > 0 {
		return parsed{}, d.errs.sort(overrides)
	}
	return parsed{d, s, applied, combinations}, nil
}

// stdin is the path of a scenario that is read from standard input, and stdinName its name
// in errors.
const (
	stdin     = "-"
	stdinName = "standard input"
)

// read finds the file or built-in at name.
func read(name string) (string, []byte, error) {
	bound := bounded.Bound{What: "a scenario", Bytes: maxBytes}
	if name == stdin {
		data, err := bounded.ReadFile(context.Background(), "/dev/stdin", bound)
		if err != nil {
			return "", nil, fmt.Errorf("read scenario from %s: %w", stdinName, err)
		}
		return stdinName, data, nil
	}
	data, err := bounded.ReadFile(context.Background(), name, bound)
	if err == nil {
		return name, data, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("read scenario: %w", err)
	}
	ext := path.Ext(name)
	base := strings.TrimSuffix(path.Base(name), ext)
	if data, ok := builtin.YAML(base); ok && (name == base || ext == ".yaml") {
		return name, data, nil
	}
	hint := "'slotstorm list scenarios' lists the built-in scenarios"
	if c := closest(base, builtin.Names()); c != "" {
		hint = "did you mean the built-in " + c + "?"
	}
	return "", nil, fmt.Errorf("%s: %w, and no built-in scenario has this name; %s", name, fs.ErrNotExist, hint)
}

// YAML is s with every default filled in, as a file that Load accepts and that
// gives an equal Scenario.
func (s *Scenario) YAML() ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("scenario %s as YAML: %w", s.Metadata.Name, err)
	}
	return b.Bytes(), nil
}
