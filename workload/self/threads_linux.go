package self

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// starvation gives, for each thread of this process, how long it was ready without
// a processor since the last call, and how often it then ran. Source: the
// kernel's Documentation/scheduler/sched-stats, /proc/PID/schedstat. A kernel
// without it gives no figures.
func (t *threads) starvation(each func(waited time.Duration, runs int64)) {
	const tasks = "/proc/self/task"
	list, err := os.ReadDir(tasks)
	if err != nil {
		return
	}
	seen := make(map[int]threadTimes, len(list))
	for _, entry := range list {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		raw, err := os.ReadFile(tasks + "/" + entry.Name() + "/schedstat")
		if err != nil {
			continue // the thread has ended
		}
		now, ok := parseSchedstat(raw)
		if !ok {
			continue
		}
		seen[id] = now
		was := (*t)[id]
		if now.runs > was.runs && now.waited >= was.waited {
			each(now.waited-was.waited, now.runs-was.runs)
		}
	}
	*t = seen
}

// parseSchedstat reads "time-on-cpu time-waiting timeslices", times in ns.
func parseSchedstat(raw []byte) (t threadTimes, ok bool) {
	f := bytes.Fields(raw)
	if len(f) != 3 {
		return t, false
	}
	waited, err1 := strconv.ParseInt(string(f[1]), 10, 64)
	runs, err2 := strconv.ParseInt(string(f[2]), 10, 64)
	return threadTimes{time.Duration(waited), runs}, err1 == nil && err2 == nil
}
