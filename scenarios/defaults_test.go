package scenarios

// defaults lists the defaults of a scenario that states none of the fields, in the
// order of the fields. In a closed loop (workload.rate: max) maxInFlight is 64 and
// there is no arrival; keys.theta is for zipfian keys alone; a workload or client
// profile has its own; those of a fault go with its action.
func defaults() []Default {
	s := Scenario{Timeline: Timeline{Faults: []Fault{{}}, Upgrade: &Upgrade{Rollback: &Rollback{}}}}
	d := newDocument("", nil)
	list := d.fillDefaults(&s)
	f := &filler{d: d}
	for _, a := range s.Timeline.Faults[0].actions() {
		a.action.fill(f, join(faultPath(0), a.action.Name()))
	}
	return append(list, f.applied...)
}
