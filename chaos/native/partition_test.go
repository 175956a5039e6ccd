package native

import (
	"context"
	"testing"

	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/scenarios"
)

// ending is a network whose dials end as it says, in their order.
type ending struct {
	network
	outcomes []agent.Outcome
}

func (d ending) try(context.Context, []dial) []agent.Outcome { return d.outcomes }
func (ending) same() error                                   { return nil }

// A dial that a rule refuses may get no answer in time on a busy machine. It proves no rule, but
// no packet came through either; a refusal where packets are dropped comes from the other side.
func TestWhichDialsShowThatACutHolds(t *testing.T) {
	const open, refused, silent = agent.Open, agent.Refused, agent.Silent
	for _, tt := range []struct {
		action         string
		outcomes       []agent.Outcome
		proves, inside bool
	}{
		{"reject", []agent.Outcome{refused, refused}, true, true},
		{"reject", []agent.Outcome{refused, silent}, false, true},
		{"reject", []agent.Outcome{refused, open}, false, false},
		{"drop", []agent.Outcome{silent, silent}, true, true},
		{"drop", []agent.Outcome{silent, refused}, false, false},
		{"drop", []agent.Outcome{silent, open}, false, false},
	} {
		dials := []dial{{to: host{name: "a"}}, {to: host{name: "b"}}}
		p := &partition{network: ending{outcomes: tt.outcomes}, spec: scenarios.Partition{Action: tt.action}, dials: dials, came: map[dial]bool{dials[0]: true, dials[1]: true}}
		if _, err := p.Prove(t.Context()); (err == nil) != tt.proves {
			t.Errorf("%s, %v: the proof gives %v", tt.action, tt.outcomes, err)
		}
		if err := p.InForce(t.Context()); (err == nil) != tt.inside {
			t.Errorf("%s, %v: in force gives %v", tt.action, tt.outcomes, err)
		}
	}
}
