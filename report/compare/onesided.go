package compare

// OneSided is a figure that decides by default, and that only one side has.
type OneSided struct {
	FigureID
	// Side is the side that has it, A or B.
	Side string `json:"side"`
}

func (f OneSided) String() string { return f.FigureID.String() + ": measured in " + f.Side + " only" }

// onlyIn are the figures that decide by default and that one side has, but not the other.
func onlyIn(side string, runs, others *Runs) []OneSided {
	var list []OneSided
	for _, id := range runs.order {
		if len(runs.figures[id].Values) > 0 && others.figures[id] == nil && id.decides(runs.steady, runs.closedLoop) {
			list = append(list, OneSided{id, side})
		}
	}
	return list
}
