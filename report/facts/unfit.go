package facts

import "github.com/slotstorm/slotstorm/results"

// Unfit is a replica that refused to take over because its data were older than
// cluster-replica-validity-factor allows.
type Unfit struct {
	Node string
	// Logged is what its log says. A server logs nothing in the first seconds after FAIL:
	// then it is empty, and Age was more than Allowed when the primary was declared failed.
	Logged       string
	Age, Allowed results.Duration
	// Since is when it lost its primary or ended, if it did not follow its primary when the
	// fault was injected or, without a line of its log, when the primary was declared failed;
	// 0 if it did. Started says that it has been started since: it has no data that count.
	Since   results.Duration
	Started bool
}

// UnfitReplica is the first replica whose refusal delayed or prevented a takeover. It is nil
// if none refused, or if another replica took over in the time that is predicted.
func (a *Analysis) UnfitReplica(f results.Failover) *Unfit {
	end := a.Run.End
	if f.Server > 0 {
		end = f.Injected + f.Server
	}
	e := First(a.Between(f.Injected, end), func(e results.Event) bool {
		return e.Kind == results.EventElectionLost && stuckBy(e.Message) == stuckTooOld && a.InShard(e, f.Shard)
	})
	u := &Unfit{}
	at := f.Injected
	switch h := a.Hindrance(f); {
	case e != nil && (!f.Completed() || f.To == e.Node || f.Outlier):
		u.Node, u.Logged = e.Node, e.Message
	case e == nil && !f.Completed() && h.Reason == DataTooOld:
		u.Node, u.Age, u.Allowed = h.Replicas[0], a.dataAge(h.Replicas[0], h.Failed), a.allowedAge(h.Replicas[0])
		at = h.Failed
	default:
		return nil
	}
	u.Since, u.Started = a.OutOfSync(u.Node, at)
	return u
}
