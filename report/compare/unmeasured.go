package compare

import "slices"

// Unmeasured is the error of a figure that shall decide, and that not both sides have.
type Unmeasured struct {
	// FigureID is empty if the user named no figure, and both sides have none of the default ones.
	FigureID
	// Others are the figures of its metric that both sides have.
	Others []FigureID
}

func (e *Unmeasured) Error() string {
	if e.Metric == "" {
		return "no figure that decides by default was measured on both sides"
	}
	return e.FigureID.String() + " was not measured on both sides"
}

// onBothSides returns an error if a figure that the user named is missing on a side.
func onBothSides(a, b *Runs, judged []FigureID) error {
	both := func(id FigureID) bool { return a.figures[id] != nil && b.figures[id] != nil }
	at := slices.IndexFunc(judged, func(id FigureID) bool { return !both(id) })
	if at < 0 {
		return nil
	}
	e := &Unmeasured{FigureID: judged[at]}
	for _, id := range a.order {
		if id.Metric == e.Metric && both(id) {
			e.Others = append(e.Others, id)
		}
	}
	return e
}
