package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// account is the time that others had used up to a moment: the processor time of all
// processes but ours, and the time that the hypervisor had stolen.
//
// The rest of the machine is not simply idle time. The kernel charges interrupts that
// come while a processor idles, the packets that they carry, and the waking of a
// processor to no process and not to idle time either. One connection causes that
// 20,000 times a second, which takes 2 to 4 % of the machine, all for the traffic that
// is measured. So the time of others is counted, not inferred.
type account struct {
	at    time.Time
	cores int
	used  time.Duration
}

// userHz is the unit of /proc/stat and /proc/PID/stat, the same on all Linux that
// Go runs on.
const userHz = 100

// takeAccount reads /proc. ours are the process ids that do not count.
func takeAccount(ours map[int]bool) (account, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return account{}, fmt.Errorf("reading the machine's time: %w", err)
	}
	cores, stolen, err := parseStat(string(text))
	if err != nil {
		return account{}, err
	}
	a := account{cores: cores}
	ticks := stolen
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return account{}, fmt.Errorf("listing processes: %w", err)
	}
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return account{}, fmt.Errorf("%s: %w", file, err)
		}
		if ours[pid] {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended: its parent has its time
		}
		n, err := parseProcess(string(text))
		if err != nil {
			return account{}, fmt.Errorf("%s: %w", file, err)
		}
		ticks += n
	}
	a.at, a.used = time.Now(), time.Duration(ticks)*time.Second/userHz
	return a, nil
}

// parseStat reads how many processors /proc/stat has, and the ticks stolen from
// them.
func parseStat(text string) (cores int, stolen int64, err error) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 9 || !strings.HasPrefix(f[0], "cpu") {
			continue
		}
		if f[0] != "cpu" {
			cores++
		} else if stolen, err = strconv.ParseInt(f[8], 10, 64); err != nil {
			return 0, 0, fmt.Errorf("/proc/stat: %w", err)
		}
	}
	if cores == 0 {
		return 0, 0, errors.New("/proc/stat has no processors")
	}
	return cores, stolen, nil
}

// parseProcess is the ticks that a process and its children that have ended
// used, from its /proc/PID/stat. ksoftirqd counts as 0: it carries packets, and
// the only ones are ours.
func parseProcess(text string) (int64, error) {
	// The name, in parentheses, may hold anything.
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return 0, errors.New("it has no name")
	}
	if strings.HasPrefix(text[open+1:end], "ksoftirqd/") {
		return 0, nil
	}
	const first, count = 11, 4 // user, system, and the children's
	f := strings.Fields(text[end+1:])
	if len(f) < first+count {
		return 0, fmt.Errorf("it has %d fields behind the name", len(f))
	}
	var sum int64
	for _, text := range f[first : first+count] {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// others is the share of the machine, in percent, that others took between two
// accounts.
func others(before, after account) float64 {
	whole := after.at.Sub(before.at) * time.Duration(after.cores)
	return 100 * max(0, float64(after.used-before.used)/float64(whole))
}
