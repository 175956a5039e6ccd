package client

import (
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/classify"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// attempt is what requests learned on their way through the library.
type attempt struct {
	mu sync.Mutex
	// unanswered are the commands of which an attempt ended without an answer,
	// whatever the last attempt said: they may have been executed. The value is the
	// class of the first such attempt.
	unanswered map[redis.Cmder]string
	// done counts how often a command of a pipeline succeeded, from the first attempt of
	// its pipeline that went wrong: the library sends what succeeded again with the rest.
	done map[redis.Cmder]int
	// classes are those of a command's attempts that went wrong, each once.
	classes map[redis.Cmder][]string
	// node is where the last attempt went; with several requests nodes has those of
	// each one.
	node  place
	nodes map[redis.Cmder]place
}

type attemptKey struct{}

func (a *attempt) note(cmd redis.Cmder, err error, node place) {
	a.mu.Lock()
	if a.node = node; a.nodes != nil {
		a.nodes[cmd] = node
	}
	a.mu.Unlock()
	if err == nil {
		return
	}
	// A library that sends a request again after an error reply takes it for a refusal.
	outcome, class := classify.Error(err)
	if outcome == results.OK {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.classes == nil {
		a.unanswered, a.classes = map[redis.Cmder]string{}, map[redis.Cmder][]string{}
	}
	if outcome == results.Unknown && a.unanswered[cmd] == "" {
		a.unanswered[cmd] = class
	}
	if !slices.Contains(a.classes[cmd], class) {
		a.classes[cmd] = append(a.classes[cmd], class)
	}
}

// notePipeline notes an attempt of several commands. Those of a transaction have no error before
// its last attempt, whatever became of the others: an error of the attempt is that of all, and
// that one of them has none says nothing.
func (a *attempt) notePipeline(cmds []redis.Cmder, err error, node place) {
	transaction := slices.ContainsFunc(cmds[:min(2, len(cmds))], func(c redis.Cmder) bool { return c.Name() == "multi" })
	carried := !transaction || err == nil || slices.ContainsFunc(cmds, func(c redis.Cmder) bool { return c.Err() != nil })
	for _, cmd := range cmds {
		of := err
		if carried {
			of = cmd.Err()
		}
		a.note(cmd, of, node)
	}
	if !transaction {
		a.count(cmds, err)
	}
}

// count notes which commands of a pipeline succeeded in an attempt, which as a whole went
// wrong or not.
func (a *attempt) count(cmds []redis.Cmder, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && a.done == nil {
		a.done = map[redis.Cmder]int{}
	}
	if a.done == nil {
		return
	}
	for _, cmd := range cmds {
		if outcome, _ := classify.Error(cmd.Err()); outcome == results.OK {
			a.done[cmd]++
		}
	}
}

// attemptHook sees every attempt on a node, beneath the cluster client's retries.
type attemptHook struct {
	node *redis.Options
	seen *topology
}

func (attemptHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h attemptHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if slots, ok := cmd.(*redis.ClusterSlotsCmd); ok && err == nil {
			h.seen.learn(slots.Val())
		} else if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
			a.note(cmd, err, h.seen.of(h.node))
		}
		return err
	}
}

func (h attemptHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
			a.notePipeline(cmds, err, h.seen.of(h.node))
		}
		return err
	}
}

// judge sets the outcome of a request from its commands.
func (r *request) judge(a *attempt, cmds []*redis.Cmd) {
	r.outcome, r.class, r.retried, r.again = results.OK, "", nil, 0
	r.missed = empty(cmds[len(cmds)-1])
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.node = a.node; a.nodes != nil {
		r.node = a.nodes[cmds[0]]
	}
	if r.outcome, r.class = r.fate(cmds); r.outcome == results.Failed {
		for _, cmd := range cmds {
			if class, ok := a.unanswered[cmd]; ok {
				r.outcome, r.class = results.Unknown, class
			}
			if a.done[cmd] > 0 {
				r.outcome = results.Unknown // an attempt before the last one was carried out
			}
		}
	}
	if len(r.calls) == 1 {
		if r.again = a.done[cmds[0]]; r.outcome == results.OK {
			r.again = max(r.again-1, 0)
		}
	}
	if r.outcome == results.OK && !r.awaited(cmds[len(cmds)-1].Val()) {
		r.outcome, r.class = results.Unknown, results.Unreplicated
	}
	for _, cmd := range cmds {
		for _, class := range a.classes[cmd] {
			if r.outcome == results.OK && !slices.Contains(r.retried, class) {
				r.retried = append(r.retried, class)
			}
		}
	}
}

// empty reports whether a command found nothing: null, an empty list, or a list of nulls.
func empty(cmd *redis.Cmd) bool {
	switch v := cmd.Val().(type) {
	case nil:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return e != nil })
	case map[any]any:
		return len(v) == 0
	}
	return false
}

// fate is what the commands' last attempts say: unknown if one of them is, else failed
// if one is. A transaction that was discarded has failed, whatever discarded it.
func (r *request) fate(cmds []*redis.Cmd) (results.Outcome, string) {
	outcome, class, aborted := results.OK, "", false
	for i, cmd := range cmds {
		o, c := classify.Of(cmd.Err(), r.meta.Effect)
		aborted = aborted || c == "EXECABORT"
		if inner := innerError(cmd); r.meta.Effect == resp.Transaction && inner != nil {
			_, c = classify.Error(inner)
			o = results.Unknown
		}
		if waiting := r.meta.Wait+r.meta.Local > 0 && i == len(cmds)-1; waiting && o == results.Failed && outcome == results.OK {
			o = results.Unknown // the write before it was carried out
		}
		if o == results.Unknown && outcome != results.Unknown || o == results.Failed && outcome == results.OK {
			outcome, class = o, c
		}
	}
	if aborted {
		outcome = results.Failed
	}
	return outcome, class
}

// innerError is an error reply within the reply to EXEC, or nil.
func innerError(cmd *redis.Cmd) error {
	list, _ := cmd.Val().([]any)
	for _, v := range list {
		if err, ok := v.(error); ok {
			return err
		}
	}
	return nil
}

// awaited reports whether a reply of WAIT or WAITAOF reaches the requested numbers.
func (r *request) awaited(reply any) bool {
	if r.meta.Wait+r.meta.Local == 0 {
		return true
	}
	if pair, ok := reply.([]any); ok && len(pair) == 2 {
		local, _ := pair[0].(int64)
		replicas, _ := pair[1].(int64)
		return local >= int64(r.meta.Local) && replicas >= int64(r.meta.Wait)
	}
	n, ok := reply.(int64)
	return ok && n >= int64(r.meta.Wait)
}
