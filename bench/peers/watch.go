package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// sample is what the servers had counted at a moment.
type sample struct {
	at                     time.Time
	commands, hits, misses int64
}

// sampleEvery is rare enough to cost a server less than 1 part in 500.
const sampleEvery = 25 * time.Millisecond

// sample asks all servers. That is a command too, which the next sample counts.
func (s *servers) sample(ctx context.Context) (sample, error) {
	var out sample
	for _, cl := range s.clients {
		info, err := infoOf(cl.Info(ctx, "stats"))
		if err != nil {
			return out, fmt.Errorf("asking a server for its counters: %w", err)
		}
		for field, to := range map[string]*int64{
			"total_commands_processed": &out.commands, "keyspace_hits": &out.hits, "keyspace_misses": &out.misses,
		} {
			n, err := strconv.ParseInt(info[field], 10, 64)
			if err != nil {
				return out, fmt.Errorf("a server's %s: %w", field, err)
			}
			*to += n
		}
	}
	out.at = time.Now()
	return out, nil
}

// watch samples after the first sample until stop is closed, and once more.
func (s *servers) watch(ctx context.Context, first sample, stop <-chan struct{}) ([]sample, error) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	list := []sample{first}
	for last := false; !last; {
		select {
		case <-tick.C:
		case <-stop:
			last = true
		}
		p, err := s.sample(ctx)
		if err != nil {
			return nil, err
		}
		p.commands -= int64(len(list) * len(s.clients))
		list = append(list, p)
	}
	return list, nil
}

// rate is the requests per second between a tenth and nine tenths of all that
// the samples saw. Zero if they are too few.
func rate(list []sample) float64 {
	if len(list) == 0 {
		return 0
	}
	start, all := list[0].commands, list[len(list)-1].commands-list[0].commands
	var from, to *sample
	for i := range list {
		switch done := list[i].commands - start; {
		case done*10 < all:
		case done*10 > all*9:
		case from == nil:
			from = &list[i]
		default:
			to = &list[i]
		}
	}
	if to == nil {
		return 0
	}
	return float64(to.commands-from.commands) / to.at.Sub(from.at).Seconds()
}
