package main

import (
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/internal/explain"
	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/scenarios"
)

// scenarioIn is the scenario that a command line names, nil if there is none that can be
// read. Only built-in scenarios and files with the ending of one are read: another word
// may be a pipe.
func scenarioIn(words []string) *scenarios.Scenario {
	for _, w := range words {
		ext := filepath.Ext(w)
		if isFlag(w) || ext != ".yaml" && ext != ".yml" && !slices.Contains(builtinNames(), w) {
			continue
		}
		if s, err := scenarios.Load(w); err == nil {
			return s
		}
	}
	return nil
}

// settingCandidates complete the PATH=VALUE of --set: first the path, then the value if its
// field has a list of them.
func settingCandidates(typed typedValue, s *scenarios.Scenario) ([]candidate, files) {
	settings, err := explain.Settings(fieldsOf(s))
	if err != nil {
		return nil, noFiles // completion prints no errors
	}
	path, _, hasValue := strings.Cut(strings.TrimPrefix(typed.word, typed.prefix), "=")
	var list []candidate
	for _, one := range settings {
		switch {
		case !hasValue:
			about, _, _ := strings.Cut(strings.ReplaceAll(one.Text, "\n", " "), ". ")
			list = append(list, candidate{typed.prefix + one.Path + "=", about})
		case one.Path == path:
			return plainWords(typed.prefix+path+"=", valuesOf(one, s)), noFiles
		}
	}
	return list, noSpace
}

// fieldsOf is a scenario as YAML decodes it; nil without one.
func fieldsOf(s *scenarios.Scenario) any {
	if s == nil {
		return nil
	}
	text, err := s.YAML()
	if err != nil {
		return nil
	}
	var fields map[string]any
	if err := yaml.Unmarshal(text, &fields); err != nil {
		return nil
	}
	return fields
}

// valuesOf are the possible values of a field: its own list, or names that the product or
// the scenario knows.
func valuesOf(one explain.Setting, s *scenarios.Scenario) []string {
	if one.Values != nil {
		return one.Values
	}
	var values []string
	switch name := one.Path[strings.LastIndexByte(one.Path, '.')+1:]; name {
	case "phase":
		if s == nil {
			return nil
		}
		for _, p := range s.Timeline.Phases {
			values = append(values, p.Name)
		}
	case "target":
		for _, f := range scenarios.TargetForms() {
			values = append(values, f.Example)
		}
	case "metric":
		values = metrics.Names()
	}
	return values
}
