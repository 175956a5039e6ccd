package audit

import (
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// strike is a fault that a node was hit by, at a millisecond.
func strike(kind, node string, injected int) results.Fault {
	traits := map[string]results.Traits{
		"pause": {Takes: results.TakesTime, Deposes: true}, "command": {Takes: results.TakesCommand, Erases: true}, "sleep": {Takes: results.TakesCommand},
		"flush":     {Takes: results.TakesCommand, Erases: true, Empties: true},
		"partition": {Takes: results.TakesNetwork}, "failover": {Takes: results.TakesRole, Deposes: true},
	}
	return results.Fault{Kind: kind, Traits: traits[kind], Node: node, Role: "primary", Injected: results.DurationOf(time.Duration(injected) * time.Millisecond)}
}

// proved is a fault that was seen to act at a millisecond.
func proved(f results.Fault, at int) results.Fault {
	f.Proved = results.DurationOf(time.Duration(at) * time.Millisecond)
	return f
}

// verified is a fault whose effect was over for good at a millisecond.
func verified(f results.Fault, at int) results.Fault {
	f.Verified = results.DurationOf(time.Duration(at) * time.Millisecond)
	return f
}

// onReplica is a fault that struck its node as a replica.
func onReplica(f results.Fault) results.Fault {
	f.Role = "replica"
	return f
}

// elsewhere is a fault that struck shard 1.
func elsewhere(f results.Fault) results.Fault {
	f.Shard = 1
	return f
}

// during is a fault that was over at a millisecond.
func during(f results.Fault, restored int) results.Fault {
	f.Restored = results.DurationOf(time.Duration(restored) * time.Millisecond)
	return f
}

// fate is a lost write of node-0, acknowledged at 1.005 s, and what became of that node.
type fate struct {
	name   string
	events []results.Event
	faults []results.Fault
	// kept is when, in milliseconds, a write of node-0 that survived was acknowledged; 0 is
	// none.
	kept int
	want string
}

func at(n int) results.Duration { return results.Duration(n) * results.Duration(time.Millisecond) }

func event(n int, kind, node string) results.Event {
	return results.Event{Offset: at(n), Kind: kind, Node: node}
}

func gone(n int, node string) results.Event {
	return results.Event{Offset: at(n), Kind: results.EventNodeExit, Node: node, Source: "kubernetes"}
}

func flush(node string) results.Fault { return proved(strike("flush", node, 1100), 1101) }

const (
	exit, ready, promoted = results.EventNodeExit, results.EventNodeReady, results.EventPromoted
	up, down, copied      = results.EventLinkUp, results.EventLinkDown, results.EventFullSync
)

func replaced() []fate {
	return []fate{
		{"killed, and its replica took over", []results.Event{event(1100, exit, "node-0"), event(3000, promoted, "node-1"), event(6000, ready, "node-0")}, nil, 500, results.CauseAsyncTail},
		{"paused, and its replica took over", []results.Event{event(3000, promoted, "node-1")}, []results.Fault{strike("pause", "node-0", 1100)}, 500, results.CauseAsyncTail},
		{"cut off, and its replica took over", []results.Event{event(3000, promoted, "node-1")}, []results.Fault{strike("partition", "node-0", 900)}, 500, results.CauseSplitBrain},
		{"acknowledged after it was replaced", []results.Event{event(800, promoted, "node-1")}, nil, 500, results.CauseSplitBrain},
		{"deposed by command", []results.Event{event(1100, promoted, "node-1")}, []results.Fault{strike("failover", "node-1", 1050)}, 500, results.CauseAsyncTail},
		{"deposed by command before it acknowledged", []results.Event{event(900, promoted, "node-1")}, []results.Fault{strike("failover", "node-1", 850)}, 500, results.CauseSplitBrain},
		{"cut off and replaced, and given its role back by command", []results.Event{event(3000, promoted, "node-1"), event(9000, promoted, "node-0")}, []results.Fault{strike("partition", "node-0", 900), strike("failover", "node-0", 8900)}, 500, results.CauseSplitBrain},
		{"deposed by command, and given its role back by another", []results.Event{event(1100, promoted, "node-1"), event(9000, promoted, "node-0")}, []results.Fault{strike("failover", "node-1", 1050), strike("failover", "node-0", 8900)}, 500, results.CauseAsyncTail},
		{"cut off and replaced, long after a failover by command", []results.Event{event(800, promoted, "node-0"), event(3000, promoted, "node-1")}, []results.Fault{verified(strike("failover", "node-0", 700), 1500), strike("partition", "node-0", 900)}, 500, results.CauseSplitBrain},
		{"cut off and replaced, just after it was made primary by command", []results.Event{event(800, promoted, "node-0"), event(3000, promoted, "node-1")}, []results.Fault{onReplica(strike("failover", "node-0", 700)), strike("partition", "node-0", 900)}, 500, results.CauseSplitBrain},
		{"deposed late by command", []results.Event{event(3000, promoted, "node-1")}, []results.Fault{verified(strike("failover", "node-1", 900), 3500)}, 500, results.CauseAsyncTail},
		{"deposed by somebody's command", []results.Event{event(1050, results.EventAsked, "node-1"), event(1100, promoted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"cut off and replaced, and its heir asked to be a primary long before", []results.Event{event(200, results.EventAsked, "node-1"), event(9000, promoted, "node-1")}, []results.Fault{strike("partition", "node-0", 900)}, 500, results.CauseSplitBrain},
		{"back without anything", []results.Event{event(1100, exit, "node-0"), event(1600, ready, "node-0")}, nil, 0, results.CauseEmptyRestart},
		{"reported gone a moment before it was, and back without anything", []results.Event{event(100, ready, "node-0"), gone(950, "node-0"), event(1600, ready, "node-0")}, nil, 0, results.CauseEmptyRestart},
		{"reported gone a moment before it was, and replaced", []results.Event{gone(950, "node-0"), event(3000, promoted, "node-1"), event(3300, ready, "node-0")}, nil, 500, results.CauseAsyncTail},
		{"reported gone, and replaced before it acknowledged", []results.Event{gone(700, "node-0"), event(900, promoted, "node-1")}, nil, 500, results.CauseSplitBrain},
		{"acknowledged before it was reported ready", []results.Event{event(300, exit, "node-0"), event(1200, ready, "node-0"), event(1900, exit, "node-0"), event(4000, promoted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"reported gone, and never back", []results.Event{gone(950, "node-0")}, nil, 500, results.CauseUnexplained},
		{"back with some", []results.Event{event(1100, exit, "node-0"), event(1600, ready, "node-0")}, nil, 500, results.CauseRestartTail},
		{"back and replaced much later", []results.Event{event(1100, exit, "node-0"), event(1600, ready, "node-0"), event(9000, exit, "node-0"), event(11000, promoted, "node-1")}, nil, 0, results.CauseEmptyRestart},
		{"ended before, and promoted since", []results.Event{event(100, exit, "node-0"), event(300, promoted, "node-1"), event(700, promoted, "node-0"), event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, nil, 800, results.CauseAsyncTail},
		{"nothing happened", nil, nil, 500, results.CauseUnexplained},
		{"another shard's node was promoted", []results.Event{event(3000, promoted, "node-2")}, nil, 500, results.CauseUnexplained},
	}
}

func unlinked() []fate {
	return []fate{
		{"killed, and its replica had lost its link", []results.Event{event(600, down, "node-1"), event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, nil, 500, results.CauseUnsynced},
		{"killed, and its replica had been started anew", []results.Event{event(600, exit, "node-1"), event(800, ready, "node-1"), event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, nil, 500, results.CauseUnsynced},
		{"killed, and its replica started anew after it", []results.Event{event(1100, exit, "node-0"), event(1300, exit, "node-1"), event(1500, ready, "node-1"), event(3000, promoted, "node-1")}, nil, 500, results.CauseUnsynced},
		{"killed after its replica had started anew and followed it", []results.Event{event(1100, exit, "node-1"), event(1300, ready, "node-1"), event(1500, results.EventLinkUp, "node-1"), event(2000, exit, "node-0"), event(4000, promoted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"killed, and its replica had become one without a link", []results.Event{event(400, promoted, "node-1"), event(450, promoted, "node-0"), event(600, results.EventDemoted, "node-1"), event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, nil, 500, results.CauseUnsynced},
		{"killed, and its replica had its link back", []results.Event{event(600, down, "node-1"), event(900, up, "node-1"), event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"killed, and its replica was seen in sync only after the write", []results.Event{event(600, down, "node-1"), event(1050, up, "node-1"), event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"killed, and its replica lost its link with it", []results.Event{event(1100, exit, "node-0"), event(1105, down, "node-1"), event(3000, promoted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"killed, and the other replica had lost its link", []results.Event{event(600, down, "node-3"), event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"deposed by force, and the new one had no link", []results.Event{event(600, down, "node-1"), event(1100, promoted, "node-1")}, []results.Fault{strike("failover", "node-1", 1050)}, 500, results.CauseUnsynced},
		{"cut off, and its replica had lost its link", []results.Event{event(950, down, "node-1"), event(3000, promoted, "node-1")}, []results.Fault{strike("partition", "node-0", 900)}, 500, results.CauseSplitBrain},
	}
}

// stalled is what a poll says of a replica whose data have not grown since a millisecond.
func stalled(n int, kind, node string, since int) results.Event {
	e := event(n, kind, node)
	e.Grew = at(since)
	return e
}

func follows(n int, node, primary string) results.Event {
	e := event(n, results.EventFollows, node)
	e.About = primary
	return e
}

// moved are replicas that changed their shard, or that their primary no longer reached. Node-2
// is the primary of shard 1.
func moved() []fate {
	killed := event(4000, exit, "node-0")
	later := event(6000, promoted, "node-1")
	return []fate{
		{"a replica of another shard came before the write, and took over without a link", []results.Event{follows(100, "node-4", "node-2"), follows(700, "node-4", "node-0"), event(700, down, "node-4"), killed, event(6000, promoted, "node-4"), event(9000, ready, "node-0")}, nil, 500, results.CauseUnsynced},
		{"a replica of another shard came after the write, and took over without a link", []results.Event{follows(100, "node-4", "node-2"), follows(3700, "node-4", "node-0"), event(3700, down, "node-4"), killed, event(6000, promoted, "node-4"), event(9000, ready, "node-0")}, nil, 0, results.CauseUnsynced},
		{"a replica of another shard came after the write, and copied the data", []results.Event{follows(100, "node-4", "node-2"), follows(2000, "node-4", "node-0"), event(2000, down, "node-4"), event(3000, up, "node-4"), killed, event(6000, promoted, "node-4")}, nil, 500, results.CauseAsyncTail},
		{"its replica had gone to another shard, and took that over", []results.Event{follows(100, "node-1", "node-0"), follows(700, "node-1", "node-2"), event(1100, exit, "node-0"), event(1500, ready, "node-0"), event(3000, promoted, "node-1")}, nil, 0, results.CauseEmptyRestart},
		{"cut off from its replica for long, and killed", []results.Event{stalled(3500, down, "node-1", 900), killed, later}, nil, 500, results.CauseUnsynced},
		{"cut off from its replica, which never noticed, and killed", []results.Event{killed, stalled(6000, promoted, "node-1", 900)}, nil, 500, results.CauseUnsynced},
		{"cut off from its replica, which was back in sync, and killed", []results.Event{stalled(3500, down, "node-1", 900), event(3600, up, "node-1"), killed, stalled(6000, promoted, "node-1", 3990)}, nil, 500, results.CauseAsyncTail},
		{"its replica followed until shortly before it was killed", []results.Event{event(1700, exit, "node-0"), stalled(1750, down, "node-1", 900), stalled(3000, promoted, "node-1", 900)}, nil, 500, results.CauseAsyncTail},
		{"its replica followed, slowly, until it was killed", []results.Event{killed, stalled(4050, down, "node-1", 3950), later}, nil, 500, results.CauseAsyncTail},
	}
}

func commanded() []fate {
	const evicted = results.EventEvicted
	return []fate{
		{"its node evicted keys", []results.Event{event(1500, evicted, "node-0")}, nil, 500, results.CauseEvicted},
		{"the node of another shard evicted keys", []results.Event{event(1500, evicted, "node-2")}, nil, 500, results.CauseUnexplained},
		{"its node evicted keys before, and no more", []results.Event{event(300, evicted, "node-0")}, nil, 500, results.CauseUnexplained},
		{"its node evicted keys, and was killed soon", []results.Event{event(1050, evicted, "node-0"), event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"its node evicted keys, and was killed much later", []results.Event{event(1500, evicted, "node-0"), event(9000, exit, "node-0"), event(11000, promoted, "node-1")}, nil, 500, results.CauseEvicted},
		{"its heir evicted keys, and the write was old", []results.Event{event(3000, exit, "node-0"), event(5000, promoted, "node-1"), event(6000, evicted, "node-1")}, nil, 500, results.CauseEvicted},
		{"its heir evicted keys, and the write was young", []results.Event{event(1400, exit, "node-0"), event(3000, promoted, "node-1"), event(6000, evicted, "node-1")}, nil, 500, results.CauseAsyncTail},
		{"its heir evicted keys, and had not followed", []results.Event{event(500, results.EventLinkDown, "node-1"), event(3000, exit, "node-0"), event(5000, promoted, "node-1"), event(6000, evicted, "node-1")}, nil, 500, results.CauseUnsynced},
		{"its node evicted keys, and came back empty much later", []results.Event{event(1500, evicted, "node-0"), event(9000, exit, "node-0"), event(9500, ready, "node-0")}, nil, 0, results.CauseEmptyRestart},
		{"sent a command", nil, []results.Fault{strike("command", "node-0", 1100)}, 500, results.CauseCommand},
		{"sent a command meanwhile", nil, []results.Fault{during(strike("command", "node-0", 900), 1100)}, 500, results.CauseCommand},
		{"sent a command that removes nothing", nil, []results.Fault{strike("sleep", "node-0", 1100)}, 500, results.CauseUnexplained},
		{"sent a command before", nil, []results.Fault{strike("command", "node-0", 900)}, 500, results.CauseUnexplained},
		{"a replica was sent a command", nil, []results.Fault{strike("command", "node-1", 1100)}, 500, results.CauseUnexplained},
		{"sent a command, and its replica took over later", []results.Event{event(3000, promoted, "node-1")}, []results.Fault{strike("command", "node-0", 1100)}, 500, results.CauseSplitBrain},
		{"emptied, and its replica took over later", []results.Event{event(5000, exit, "node-0"), event(7000, promoted, "node-1")}, []results.Fault{flush("node-0")}, 500, results.CauseCommand},
		{"emptied, and back as primary later", []results.Event{event(5000, exit, "node-0"), event(5500, ready, "node-0")}, []results.Fault{flush("node-0")}, 0, results.CauseCommand},
		{"emptied before", []results.Event{event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, []results.Fault{proved(strike("flush", "node-0", 900), 950)}, 500, results.CauseAsyncTail},
		{"not emptied: the command was refused", []results.Event{event(5000, exit, "node-0"), event(7000, promoted, "node-1")}, []results.Fault{strike("flush", "node-0", 1100)}, 500, results.CauseAsyncTail},
		{"a replica was emptied, and took over", []results.Event{event(5000, exit, "node-0"), event(7000, promoted, "node-1")}, []results.Fault{onReplica(flush("node-1"))}, 500, results.CauseCommand},
		{"a replica was emptied, copied the data again, and took over", []results.Event{event(2000, copied, "node-1"), event(5000, exit, "node-0"), event(7000, promoted, "node-1")}, []results.Fault{onReplica(flush("node-1"))}, 500, results.CauseAsyncTail},
		{"the new primary was emptied", []results.Event{event(1050, exit, "node-0"), event(1090, promoted, "node-1")}, []results.Fault{flush("node-1")}, 500, results.CauseCommand},
		{"a primary of another shard was emptied", []results.Event{event(1100, exit, "node-0"), event(3000, promoted, "node-1")}, []results.Fault{elsewhere(flush("node-2"))}, 500, results.CauseAsyncTail},
	}
}

// TestCauses: the same lost write of node-0, under different fates of that node. The cause is
// the same for a slot that has moved to node-0 from another shard.
func TestCauses(t *testing.T) {
	for i, tt := range append(slices.Concat(replaced(), unlinked(), moved(), commanded()), slices.Concat(replaced(), commanded())...) {
		shard, name := 0, tt.name
		if i >= len(replaced())+len(unlinked())+len(moved())+len(commanded()) {
			shard, name = 1, tt.name+", in a slot that has moved"
		}
		t.Run(name, func(t *testing.T) {
			b := &results.Bundle{Events: tt.events}
			b.Run.Nodes = []results.Node{{Name: "node-0"}, {Name: "node-1"}, {Name: "node-2", Shard: 1}, {Name: "node-3"}, {Name: "node-4", Shard: 1}}
			b.Run.Faults = tt.faults
			b.Writes = []results.Write{{Seq: 1, Key: "a", Value: "1", Node: "node-0", Shard: shard, Outcome: "ok", Sent: at(1000), Done: at(1005)}}
			b.Reads = []results.AuditRead{{Key: "a", Final: true, Outcome: "ok"}}
			if tt.kept > 0 {
				value := "2"
				b.Writes = append(b.Writes, results.Write{Seq: 2, Key: "b", Value: value, Node: "node-0", Outcome: "ok", Sent: at(tt.kept - 5), Done: at(tt.kept)})
				b.Reads = append(b.Reads, results.AuditRead{Key: "b", Final: true, Outcome: "ok", Value: &value})
			}
			a, findings := Judge(b)
			if a.Lost != 1 || len(findings) != 1 || findings[0].Cause != tt.want {
				t.Errorf("found %+v, want %s", findings, tt.want)
			}
		})
	}
}
