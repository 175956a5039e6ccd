package results

// Unit is what a measured value is in.
type Unit string

// The units, and how a scenario writes a bound in each.
const (
	UnitDuration Unit = "duration" // seconds; 250ms
	UnitRate     Unit = "rate"     // per second; 1900, or 1900/s
	UnitRatio    Unit = "ratio"    // 0 to 1; 99.9%, or 0.999
	UnitCount    Unit = "count"    // 0
)
