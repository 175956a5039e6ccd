package scenarios

import "path/filepath"

// one makes a scenario of YAML, without the combinations of its matrix. Its mistakes
// are in the document.
func one(name string, data []byte, overrides []string) (*document, *Scenario, []Default) {
	d, s, applied := complete(name, data, overrides)
	if d.fatal {
		return d, nil, nil
	}
	d.validate(s)
	var files []*string
	if p := s.Workload.Pattern; p != nil && p.Replay != nil {
		files = append(files, &p.Replay.File)
	}
	if p := s.Workload.Prefill; p != nil && p.From != "" {
		files = append(files, &p.From)
	}
	for _, file := range files {
		if len(d.errs) == 0 && !filepath.IsAbs(*file) {
			*file = filepath.Join(filepath.Dir(name), *file)
		}
	}
	return d, s, applied
}

// complete reads a scenario, its defaults and the values of its bounds, without validating how its fields
// go together.
func complete(name string, data []byte, overrides []string) (*document, *Scenario, []Default) {
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
	d.readBounds(&s)
	return d, &s, applied
}

// Recorded makes a scenario of the one in a bundle, which some version accepted and ran:
// that this version refuses how its fields go together is no mistake of the bundle.
func Recorded(name string, data []byte) (*Scenario, error) {
	d, s, _ := complete(name, data, nil)
	if len(d.errs) > 0 {
		return nil, d.errs.sort(nil)
	}
	for _, c := range s.Redis.configurations() {
		d.normalise(c)
	}
	return s, nil
}
