package shape

import (
	"errors"
	"fmt"
	"time"
)

// Task is what the process of Serve is to do.
type Task struct {
	// Links are those of the directions that it shapes. Each gets a queue.
	Links []Link `json:"links"`
	// Seed is that of all decisions.
	Seed uint64 `json:"seed"`
}

func (t Task) check() error {
	if len(t.Links) == 0 {
		return errors.New("there is no direction to shape")
	}
	for i, l := range t.Links {
		if err := l.check(); err != nil {
			return fmt.Errorf("direction %d: %w", i, err)
		}
	}
	return nil
}

// Counts are what became of the packets of one direction since the start. Packets that have
// Come either Passed, or were Lost (of them Full for lack of room), or are Held.
type Counts struct {
	Come   uint64 `json:"come"`
	Passed uint64 `json:"passed"`
	Lost   uint64 `json:"lost"`
	Full   uint64 `json:"full"`
	Held   uint64 `json:"held"`
	// Late were overtaken on purpose.
	Late uint64 `json:"late"`
	// Bursts are the rows of packets that were lost.
	Bursts uint64 `json:"bursts"`
	// ComeBytes and PassedBytes are with the headers of IP.
	ComeBytes   uint64 `json:"comeBytes"`
	PassedBytes uint64 `json:"passedBytes"`
	// Missed are packets that the kernel could not hand over: they are lost.
	Missed uint64 `json:"missed"`
	// Waited is the longest wait for the rate, Behind the longest time by which a packet
	// was passed on after it was due.
	Waited time.Duration `json:"waited"`
	Behind time.Duration `json:"behind"`
}

// State is a line that Serve writes: the first as soon as it reads the queues, and one
// more every ReportEvery.
type State struct {
	// Queues are the numbers of the queues, in the order of the links; Ways what became
	// of their packets.
	Queues []uint16 `json:"queues"`
	Ways   []Counts `json:"ways"`
	// At is when, since the start.
	At time.Duration `json:"at"`
}

// ReportEvery is the distance of two states.
const ReportEvery = 100 * time.Millisecond

// Least is the shortest time that the links together delay a packet that passes all of
// them.
func (t Task) Least() time.Duration {
	var sum time.Duration
	for _, l := range t.Links {
		sum += l.least()
	}
	return sum
}
