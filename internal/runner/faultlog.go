package runner

import (
	"fmt"

	"github.com/slotstorm/slotstorm/results"
)

// faultLog is the chaos room's recorder: into the bundle, and onto the display.
type faultLog struct {
	*keeper
	show *display
}

// Event keeps an event and shows it.
func (l faultLog) Event(e results.Event) error {
	line := fmt.Sprintf("fault %s: %s", e.Fault, e.Message)
	switch e.Kind {
	case results.EventFaultInject:
		l.show.fault(e.Fault, true, line)
	case results.EventFaultVerify, results.EventFaultFailed:
		l.show.fault(e.Fault, false, line)
	default:
		l.show.message(line)
	}
	return l.keeper.Event(e)
}

// upgrade keeps an event of the upgrade and shows it.
func (r *recorder) upgrade(e results.Event) {
	r.Emit(e)
	text := e.Message
	if e.Node != "" {
		text = e.Node + ": " + text
	}
	switch e.Kind {
	case results.EventUpgradeBegin:
		r.show.fault(e.Roll, true, e.Roll+" begins")
	case results.EventUpgradeEnd:
		r.show.fault(e.Roll, false, text)
	default:
		r.show.message(text)
	}
}
