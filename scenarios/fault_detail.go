package scenarios

import "fmt"

// Detail is the fault's action in words: "SIGKILL to primary of shard 0".
func (f Fault) Detail() string {
	text := f.act() + f.lasting()
	if f.Engine == "chaosmesh" {
		text += ", by Chaos Mesh"
	}
	return text
}

func (f Fault) lasting() string {
	if f.Duration == 0 {
		return ""
	}
	return " for " + f.Duration.String()
}

func (f Fault) act() string {
	switch {
	case f.Kill != nil:
		text := f.Kill.Signal
		if f.Kill.Grace > 0 {
			text += " and after " + f.Kill.Grace.String() + " SIGKILL"
		}
		return text + " to " + f.Kill.Target.String()
	case f.Pause != nil:
		return "SIGSTOP to " + f.Pause.Target.String()
	case f.Partition != nil:
		return f.Partition.detail()
	case f.Isolate != nil:
		return fmt.Sprintf("%s between %s and everybody (%s)", "partition", f.Isolate.Target, f.Isolate.Action)
	case f.Failover != nil:
		return fmt.Sprintf("CLUSTER FAILOVER (%s) to %s", f.Failover.Mode, f.Failover.Target)
	case f.Delay != nil:
		text := f.Delay.Latency.String()
		if f.Delay.Jitter > 0 {
			text += " ± " + f.Delay.Jitter.String()
		}
		return between("delay of "+text, f.Delay.Between, f.Delay.And)
	case f.Loss != nil:
		return between(fmt.Sprintf("loss of %g %% of packets", f.Loss.Percent), f.Loss.Between, f.Loss.And)
	case f.Bandwidth != nil:
		return between(fmt.Sprintf("bandwidth of %d kB/s", f.Bandwidth.KBps), f.Bandwidth.Between, f.Bandwidth.And)
	case f.CPU != nil:
		return fmt.Sprintf("%d busy processes beside %s", f.CPU.Workers, f.CPU.Target)
	case f.Memory != nil:
		return fmt.Sprintf("%s of memory taken beside %s", f.Memory.Size, f.Memory.Target)
	case f.DiskFull != nil:
		return "full volume of " + f.DiskFull.Target.String()
	case f.SlowDisk != nil:
		return fmt.Sprintf("fsync %s slower for %s", f.SlowDisk.Latency, f.SlowDisk.Target)
	case f.Drain != nil:
		return "drain of the Kubernetes node of " + f.Drain.Target.String()
	case f.Restart != nil:
		return "rolling restart of " + f.Restart.Target.String()
	}
	return ""
}

func between(what string, a, b []Party) string {
	return fmt.Sprintf("%s between (%s) and (%s)", what, PartyList(a), PartyList(b))
}

func (p *Partition) detail() string {
	text := between("partition", p.Between, p.And)
	if p.Direction == "one-way" {
		text = fmt.Sprintf("one-way partition from (%s) to (%s)", PartyList(p.Between), PartyList(p.And))
	}
	return fmt.Sprintf("%s: %s traffic, %s", text, p.Traffic, p.Action)
}
