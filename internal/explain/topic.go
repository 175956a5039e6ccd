package explain

// Kind is what a topic is about.
type Kind string

// The kinds of topics, in the order in which they are listed.
const (
	Metric  Kind = "metric"
	Fault   Kind = "fault"
	Target  Kind = "target"
	Finding Kind = "finding"
	Verdict Kind = "verdict"
	Field   Kind = "field"
)

// Kinds are the kinds whose topics have a list.
func Kinds() []Kind { return []Kind{Metric, Fault, Target, Finding, Verdict} }

// Topic is a name and what it means.
type Topic struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	// Type is what a field holds; empty for other topics.
	Type string `json:"type,omitempty"`
	Text string `json:"text"`
	// Fields are those of a fault, or of a field that holds others.
	Fields []Entry `json:"fields,omitempty"`
	// Example is a piece of a scenario.
	Example string `json:"example,omitempty"`
}

// Entry is a field of a topic.
type Entry struct {
	Name string `json:"name"`
	// Type is what it holds, and Default what it is if it is left out; "required" if it may
	// not be.
	Type    string `json:"type,omitempty"`
	Default string `json:"default,omitempty"`
	Text    string `json:"text"`
}
