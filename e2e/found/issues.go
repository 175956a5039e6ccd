package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed *.yaml
var files embed.FS

// issue is one that slotstorm finds again, as issues.yaml describes it.
type issue struct {
	Issue    string   `yaml:"issue"`
	About    string   `yaml:"about"`
	Scenario string   `yaml:"scenario"`
	Set      []string `yaml:"set"`
	Misses   string   `yaml:"misses"`
	Finding  string   `yaml:"finding"`
	Red      side     `yaml:"red"`
	Green    side     `yaml:"green"`
}

// side is a run with the fault, or with its cure.
type side struct {
	With   string   `yaml:"with"`
	Set    []string `yaml:"set"`
	Server string   `yaml:"server"`
	Seen   string   `yaml:"seen"`
}

// readIssues gives those of issues.yaml, in order.
func readIssues() ([]issue, error) {
	raw, err := files.ReadFile("issues.yaml")
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	var list []issue
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("issues.yaml: %w", err)
	}
	return list, nil
}

// own is the file of this folder that holds the scenario; false if it is a built-in one.
func (i issue) own() (string, bool) {
	name := i.Scenario + ".yaml"
	_, err := fs.Stat(files, name)
	return name, err == nil
}

// url is where the issue can be read.
func (i issue) url() string {
	repository, number, _ := strings.Cut(i.Issue, "#")
	return "https://github.com/" + repository + "/issues/" + number
}

// versions reports whether the issue shows only between two versions of the server.
func (i issue) versions() bool { return i.Red.Server != "" || i.Green.Server != "" }
