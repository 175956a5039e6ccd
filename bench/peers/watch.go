package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
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
// the samples saw. Zero if they are too few to tell.
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

// cpu is the processor time that the servers used since they started.
func (s *servers) cpu(ctx context.Context) (time.Duration, error) {
	var sum float64
	for _, cl := range s.clients {
		info, err := infoOf(cl.Info(ctx, "cpu"))
		if err != nil {
			return 0, fmt.Errorf("asking a server for its processor time: %w", err)
		}
		for _, field := range []string{"used_cpu_sys", "used_cpu_user"} {
			v, err := strconv.ParseFloat(info[field], 64)
			if err != nil {
				return 0, fmt.Errorf("a server's %s: %w", field, err)
			}
			sum += v
		}
	}
	return time.Duration(sum * float64(time.Second)), nil
}

// infoOf reads field:value lines, as INFO and CLUSTER INFO give them.
func infoOf(c *redis.StringCmd) (map[string]string, error) {
	text, err := c.Result()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if field, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			out[field] = value
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the answer has no fields")
	}
	return out, nil
}

// machineTime is how long the processors were busy or not there: everything but
// idling.
type machineTime struct {
	at    time.Time
	cores int
	idle  time.Duration
}

// userHz is the unit of /proc/stat, the same on all Linux that Go runs on.
const userHz = 100

// parseStat reads /proc/stat. Idle time is exact, busy time is counted by the
// tick, which at half load is wrong by more than what is looked for.
func parseStat(text string, at time.Time) (machineTime, error) {
	out := machineTime{at: at}
	for scan := bufio.NewScanner(strings.NewReader(text)); scan.Scan(); {
		f := strings.Fields(scan.Text())
		if len(f) < 6 || !strings.HasPrefix(f[0], "cpu") {
			continue
		}
		if f[0] != "cpu" {
			out.cores++
			continue
		}
		for _, text := range f[4:6] { // idle, iowait
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return out, fmt.Errorf("/proc/stat: %w", err)
			}
			out.idle += time.Duration(n) * time.Second / userHz
		}
	}
	if out.cores == 0 {
		return out, errors.New("/proc/stat has no processors")
	}
	return out, nil
}

// others is the share of the machine, in percent, that was used by processes
// other than ours, or stolen, between two readings. Processes are not charged
// for stolen time, so that it is in here.
func others(before, after machineTime, ours time.Duration) float64 {
	whole := after.at.Sub(before.at) * time.Duration(after.cores)
	return 100 * max(0, float64(whole-(after.idle-before.idle)-ours)/float64(whole))
}
