package results

import (
	"path"
	"strings"
)

// A bundle may come from anybody. These bounds keep a hostile one from taking
// memory or time without end; they lie far above what long runs need. A run of
// 24 hours writes 86,400 frames for each generator, and about 1 KB of histograms
// for each second, tag and generator.
const (
	// MaxSeconds is how long a run may last, in seconds: a week.
	MaxSeconds = 7 * 24 * 3600
	// MaxShards is one shard for each hash slot.
	MaxShards = 16384
	// MaxNodes is far above the 1,000 nodes that Redis recommends at most.
	MaxNodes = 20_000
	// MaxGenerators is far above the processors of any machine.
	MaxGenerators = 4096
	// MaxPhases and MaxFaults are far above what a timeline holds.
	MaxPhases = 1000
	MaxFaults = 100_000
	// MostWrites is how many writes, or reads, of an audit a bundle may hold: a day at
	// 230 a second.
	MostWrites = 20_000_000
	// MostHistograms is how many histograms a bundle may hold: a day of 90 tags,
	// whichever generators they come from.
	MostHistograms = 8_000_000

	// maxCount bounds every count in a record: no generator sends a thousand
	// billion requests in a second.
	maxCount = 1_000_000_000_000

	// maxObjects bounds the JSON objects of run.json, which are what takes memory:
	// a fault or a failover has about ten.
	maxObjects = 500_000

	// maxListed is how much of all run.json files together a listing reads: about
	// 10,000 runs of usual size.
	maxListed = 256 * mib

	// maxFiles and maxDepth bound the tree of a bundle: four files for each node.
	maxFiles = 4*MaxNodes + 1000
	maxDepth = 6
	// maxTotal bounds all files of a bundle together.
	maxTotal = 32 * gib

	mib = 1 << 20
	gib = 1 << 30
)

// limit is what a file of a bundle may hold: bytes, and for files that are read
// line by line the bytes of a line and the number of lines.
type limit struct {
	size  int64
	line  int
	lines int
}

// limitOf is the limit of a file by its name in the bundle.
func limitOf(name string) limit {
	switch name {
	case RunFile:
		return limit{size: 16 * mib}
	case ScenarioFile:
		return limit{size: 4 * mib}
	case upgradeFile, SumsFile:
		return limit{size: 16 * mib}
	case signatureFile:
		return limit{size: 4096}
	case EventsFile:
		return limit{size: gib, line: mib, lines: 2_000_000}
	case SeriesFile:
		// A day of 16 generators is 1.4 million frames.
		return limit{size: 4 * gib, line: mib, lines: 3_000_000}
	case HlogFile:
		// The densest histogram takes 260 KB.
		return limit{size: 8 * gib, line: mib, lines: MostHistograms}
	case JournalFile:
		return limit{size: 64 * mib, line: mib, lines: 500_000}
	case LedgerFile, ReadsFile:
		// A read of a list holds all its elements.
		return limit{size: 8 * gib, line: 16 * mib, lines: MostWrites}
	case FindingsFile:
		return limit{size: gib, line: mib, lines: 2_000_000}
	}
	if strings.HasPrefix(name, "nodes/") {
		return limit{size: 2 * gib}
	}
	if rendering(name) {
		return limit{size: 64 * mib}
	}
	// replay.txt, the pages of the audit.
	return limit{size: 256 * mib}
}

// rendering reports whether a file of a bundle is made from the others: package
// report can make it anew at any time.
func rendering(name string) bool {
	switch name {
	case "report.html", "report.md", "junit.xml", "upgrade.html", "upgrade.md":
		return true
	}
	return path.Dir(name) == "plots" && path.Ext(name) == ".png"
}

// source reports whether a file of a bundle is one that slotstorm reads.
func source(name string) bool {
	switch name {
	case RunFile, ScenarioFile, EventsFile, SeriesFile, HlogFile, JournalFile, LedgerFile, ReadsFile, FindingsFile, upgradeFile:
		return true
	}
	return false
}
