package judge

import (
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/results"
)

// kept is what could keep the data of a node over its end.
type kept struct {
	// file says that it had an append-only file, and fsync is its appendfsync then.
	file  bool
	fsync string
	// unknown says that the servers did not show whether they had one.
	unknown bool
	// unsynced says that its volume lost what was not synced. The end of a process alone takes
	// nothing that it had written: the kernel has that.
	unsynced bool
}

// keptBy is what could keep the data of the node of a group of losses when it ended.
func keptBy(a *facts.Analysis, g results.LossGroup, ended results.Duration) kept {
	file := a.DirectiveAt(g.Node, "appendonly", ended)
	return kept{
		file:     file == "yes",
		unknown:  !a.Known(file),
		fsync:    orDefault(a.DirectiveAt(g.Node, "appendfsync", ended), "everysec"),
		unsynced: fault(a, g.Fault).Unsyncs,
	}
}

const (
	// syncOften is for a file that only the operating system syncs.
	syncOften = "Set appendfsync to everysec or always: with no, the operating system decides when the append-only file is on the disk, and a power failure takes the rest. everysec loses the writes of the last one or two seconds, always none, at the price of an fsync before each reply."
	// syncAlways is for a file that is synced too late.
	syncAlways = "Use appendfsync always for writes that must survive the primary's own restart, at the price of an fsync before each reply."
	// readLog is for a node that did not show its configuration.
	readLog = "Find out whether the node keeps its data: appendonly yes, on a volume that outlives it, brings back what was written before a restart. The price: writes to the disk, and a start that takes longer. The node's log says what it loaded."
	// syncedAlready is for a loss that the settings exclude.
	syncedAlready = "appendfsync is always: a write is on the disk before its reply, if the disk keeps what it has confirmed. Read the node's log, in nodes/ of this run, for errors of the disk. Keep this run."
)

// afterEmpty is what helps a node that came back without anything.
func (k kept) afterEmpty() string {
	switch {
	case k.unknown:
		return readLog
	case !k.file:
		return "Enable persistence (appendonly yes), at the price of writes to the disk and of a start that takes longer."
	case !k.unsynced:
		return "Keep the append-only file on a volume that outlives the node: it had one, and did not load it. The node's log, in nodes/ of this run, says what it loaded."
	}
	return k.afterPowerLoss()
}

// afterTail is what helps a node that came back with older data.
func (k kept) afterTail() string {
	switch {
	case k.unknown:
		return readLog
	case !k.file && k.unsynced:
		return "Use appendonly yes with appendfsync always for writes that must survive the primary's own restart, at the price of an fsync before each reply."
	case !k.file:
		return "Use appendonly yes for writes that must survive the primary's own restart, at the price of writes to the disk. Only a power failure takes what appendfsync has not synced."
	case k.unsynced:
		return k.afterPowerLoss()
	case k.fsync == "everysec":
		return syncAlways + " With everysec a node answers before it writes to the file while an fsync takes long."
	}
	return "The end of a process takes nothing from its append-only file: read the node's log, in nodes/ of this run, for what it loaded."
}

// afterPowerLoss is what helps a node with an append-only file.
func (k kept) afterPowerLoss() string {
	switch k.fsync {
	case "no":
		return syncOften
	case "always":
		return syncedAlready
	}
	return syncAlways
}
