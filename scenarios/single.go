package scenarios

import "path/filepath"

// one makes a scenario of YAML, without the combinations of its matrix. Its mistakes
// are in the document.
func one(name string, data []byte, overrides []string) (*document, *Scenario, []Default) {
	d := newDocument(name, data)
	if d.parse(data); d.fatal {
		return d, nil, nil
	}
	for _, o := range overrides {
		d.override(o)
	}
	var s Scenario
	d.decode(&s)
	applied := d.fillDefaults(&s)
	d.validate(&s)
	if p := s.Workload.Pattern; len(d.errs) == 0 && p != nil && p.Replay != nil && !filepath.IsAbs(p.Replay.File) {
		p.Replay.File = filepath.Join(filepath.Dir(name), p.Replay.File)
	}
	return d, &s, applied
}
