// Package disk is a file system over a folder that fails as a real disk does: it can be
// slow, answer with errors, and lose in a power failure what was not synced.
//
//	Start ─▶ Server, a process of its own ─▶ Mount ─▶ Volume: Set, Cut, Look
//
// The process is another one than that which starts nodes. A process that forks while a
// file system that it serves itself is in use can wait for itself without end: the child
// enters the folder of the node before it becomes the node, and until then the Go
// runtime cannot stop the thread that made it for a garbage collection.
//
// A power failure leaves what ext4 and XFS promise, and no more:
//
//   - A file has what was written to it before its last fsync began, if that fsync has
//     succeeded. Later writes and truncations are undone.
//   - Directories have an order of changes. A successful fsync of any file or folder of
//     the volume keeps all changes of before it began, because both file systems write
//     their journal in order. Later creations, removals and renames are undone.
//   - Nothing reaches the disk without fsync. A real kernel writes back by itself, after
//     about 30 s for data and 5 s for directories, and might keep more.
//   - A file system that is full brings its changes of directories to the disk, because
//     what was removed keeps its space until then.
package disk

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Verb starts the process that serves the volumes: the program's first argument.
const Verb = "disk"

// Operation is how a disk answers one kind of request.
type Operation struct {
	// Delay is added to the time that the request takes anyway.
	Delay time.Duration
	// Fail has the request end with EIO, without effect.
	Fail bool
}

// and is both at once.
func (o Operation) and(p Operation) Operation {
	return Operation{o.Delay + p.Delay, o.Fail || p.Fail}
}

// or is the worse of both.
func (o Operation) or(p Operation) Operation {
	return Operation{max(o.Delay, p.Delay), o.Fail || p.Fail}
}

// Behaviour is how a disk answers. The zero value changes nothing.
type Behaviour struct{ Fsync, Write, Read Operation }

// And is both at once.
func (b Behaviour) And(c Behaviour) Behaviour {
	return Behaviour{b.Fsync.and(c.Fsync), b.Write.and(c.Write), b.Read.and(c.Read)}
}

// Or is the worse of both for each kind of request.
func (b Behaviour) Or(c Behaviour) Behaviour {
	return Behaviour{b.Fsync.or(c.Fsync), b.Write.or(c.Write), b.Read.or(c.Read)}
}

// Loss is what a power failure took from a volume.
type Loss struct {
	Files []LostWrites
	// Entries are the changes of directories that were undone, the newest first.
	Entries []string
}

// LostWrites are those of one file.
type LostWrites struct {
	// Name is the file's path in the volume.
	Name string
	// Bytes is by how much the file is shorter, Rewritten how much of what is left is
	// older than it was.
	Bytes, Rewritten int64
	// Torn is how much of the first write that was not synced is left.
	Torn int64
	// Age is how long before the power failure the oldest of the writes was made.
	Age time.Duration
}

// Oldest is the age of the oldest lost write.
func (l Loss) Oldest() time.Duration {
	var oldest time.Duration
	for _, f := range l.Files {
		oldest = max(oldest, f.Age)
	}
	return oldest
}

// String is the loss in words.
func (l Loss) String() string {
	if len(l.Files) == 0 && len(l.Entries) == 0 {
		return "everything was synced"
	}
	var parts []string
	for _, f := range l.Files {
		text := fmt.Sprintf("%s lost %d bytes, written in the last %d ms", filepath.Base(f.Name), f.Bytes, f.Age.Milliseconds())
		if f.Rewritten > 0 {
			text += fmt.Sprintf(", and %d bytes are old", f.Rewritten)
		}
		if f.Torn > 0 {
			text += fmt.Sprintf("; %d bytes of a torn write are left", f.Torn)
		}
		parts = append(parts, text)
	}
	return strings.Join(append(parts, l.Entries...), ", ")
}
