package metrics

// source reads a metric from a run.
type source interface {
	// measure answers an objective.
	measure(e Evidence, s Scope) Measurement
	// figures lists the values that runs are compared by, one list for each phase and
	// command.
	figures(e Evidence) []reading
	// group keeps metrics together whose figures share the rows of a table.
	group() int
}

// reading is the values of a metric for one row of a table.
type reading struct {
	row            int
	command, phase string
	values         []float64
	// atLeast is how many of the values, the last ones, may be higher, because their end
	// was not seen.
	atLeast int
}

// Groups of figures, in the order of the tables.
const (
	groupLoad = iota
	groupLatency
	groupRun
)

// figure is the only reading of a metric that is not narrowed.
func figure(values ...float64) []reading { return []reading{{values: values}} }
