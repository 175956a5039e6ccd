package facts

import (
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Source of both: clusterHandleSlaveFailover in Redis' cluster_legacy.c, which allows for
// the time in which the primary was not declared failed yet.
const (
	validityFactor    = "cluster-replica-validity-factor"
	pingPeriod        = "repl-ping-replica-period"
	defaultValidity   = 10
	defaultPingPeriod = 10
)

// allowedAge is the age from which the data of a replica are too old; 0 if no age is, or if
// the limit is unknown.
func (a *Analysis) allowedAge(node string) results.Duration {
	if !a.Known(a.DirectiveOf(node, validityFactor)) || !a.Known(a.DirectiveOf(node, pingPeriod)) {
		return 0
	}
	validity := a.number(node, validityFactor, defaultValidity)
	if validity == 0 {
		return 0
	}
	ping := a.number(node, pingPeriod, defaultPingPeriod)
	return results.DurationOf(time.Duration(ping)*time.Second + time.Duration(validity+1)*a.nodeTimeoutOf(node))
}

// dataAge is how old a replica's data were at a moment, as the server counts it in whole
// seconds: the time since it lost its replication link; 0 if it had one.
func (a *Analysis) dataAge(node string, at results.Duration) results.Duration {
	since, started := a.OutOfSync(node, at)
	if since == 0 || started {
		return 0
	}
	return at - since
}

// tooOld reports whether a replica's data were too old all the while from a moment on. Those of
// one that was started and has not synchronised since are older than any limit: it counts its
// link as down since ever (repl_down_since in Redis' server.c).
func (a *Analysis) tooOld(node string, from results.Duration) bool {
	allowed := a.allowedAge(node)
	_, started := a.OutOfSync(node, from)
	return allowed > 0 && (started || a.dataAge(node, from) > allowed+results.DurationOf(time.Second))
}

// number is the value of a directive of a node, or the server's default.
func (a *Analysis) number(node, directive string, otherwise int) int {
	n, err := strconv.Atoi(a.DirectiveOf(node, directive))
	if err != nil {
		return otherwise
	}
	return n
}

// OutOfSync is since when a replica had not followed its primary at a moment, and whether
// it had been started anew and not synchronised since; 0 if it did follow.
func (a *Analysis) OutOfSync(node string, at results.Duration) (since results.Duration, started bool) {
	return results.OutOfSync(a.Events, node, at)
}

// CameFrom is whose replica a node was before it became one of its primary, and when it was
// seen to, if it had not been in sync since when it took over, next after a moment; empty
// otherwise.
func (a *Analysis) CameFrom(node, primary string, at results.Duration) (other string, since results.Duration) {
	now := ""
	for _, e := range a.Events {
		promoted := e.Kind == results.EventPromoted || e.Kind == results.EventElectionWon
		switch {
		case e.Node != node:
		case promoted && e.Offset > at && now == primary:
			return other, since
		case e.Kind == results.EventFollows:
			other, now, since = now, e.About, e.Offset
		case e.Kind == results.EventLinkUp, promoted:
			other = ""
		}
	}
	return "", 0
}
