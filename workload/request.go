package workload

import (
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// request is one request on its way through go-redis.
type request struct {
	meta    stream.Meta
	calls   []stream.Call
	outcome results.Outcome
	class   string
	// retried are the classes of the attempts that went wrong before it was ok.
	retried []string
}

// attempt is what requests learned on their way through the library.
type attempt struct {
	mu sync.Mutex
	// unanswered are the commands of which an attempt ended without an answer,
	// whatever the last attempt said: they may have been executed.
	unanswered map[redis.Cmder]bool
	// classes are those of a command's attempts that went wrong, each once.
	classes map[redis.Cmder][]string
}

type attemptKey struct{}

func (a *attempt) note(cmd redis.Cmder, err error) {
	if err == nil {
		return
	}
	outcome, class := classify(err)
	if outcome == results.OK {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.classes == nil {
		a.unanswered, a.classes = map[redis.Cmder]bool{}, map[redis.Cmder][]string{}
	}
	a.unanswered[cmd] = a.unanswered[cmd] || outcome == results.Unknown
	if !slices.Contains(a.classes[cmd], class) {
		a.classes[cmd] = append(a.classes[cmd], class)
	}
}

// attemptHook sees every attempt on every node, beneath the cluster client's
// retries.
type attemptHook struct{}

func (attemptHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (attemptHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
			a.note(cmd, err)
		}
		return err
	}
}

func (attemptHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
			for _, cmd := range cmds {
				a.note(cmd, cmd.Err())
			}
		}
		return err
	}
}

// do carries requests out, several of them as one pipeline, and sets their
// outcomes.
func (g *goRedis) do(ctx context.Context, requests []request) {
	a := &attempt{}
	ctx = context.WithValue(ctx, attemptKey{}, a)
	if len(requests) > 1 {
		g.pipeline(ctx, a, requests)
		return
	}
	r := &requests[0]
	cmds := commandsOf(ctx, r.calls)
	for range 2 {
		switch {
		case r.meta.Wait+r.meta.Local > 0:
			g.onOneConnection(ctx, r, cmds)
		case len(cmds) > 1:
			g.transaction(ctx, cmds[1:len(cmds)-1])
		default:
			_ = g.cluster.Process(ctx, cmds[0]) // the command keeps the error
		}
		r.judge(a, cmds)
		if r.class != "NOSCRIPT" || g.loadScripts(ctx) != nil {
			return
		}
		cmds = commandsOf(ctx, r.calls)
	}
}

func commandsOf(ctx context.Context, calls []stream.Call) []*redis.Cmd {
	cmds := make([]*redis.Cmd, len(calls))
	for i, c := range calls {
		cmds[i] = redis.NewCmd(ctx, c.Args...)
		cmds[i].SetFirstKeyPos(int8(c.Key))
	}
	return cmds
}

// pipeline sends single commands together; the library parts them by node.
func (g *goRedis) pipeline(ctx context.Context, a *attempt, requests []request) {
	pipe := g.cluster.Pipeline()
	cmds := make([]*redis.Cmd, len(requests))
	for i := range requests {
		cmds[i] = commandsOf(ctx, requests[i].calls)[0]
		_ = pipe.Process(ctx, cmds[i])
	}
	_, _ = pipe.Exec(ctx) // the commands keep their errors
	missing := false
	for i := range requests {
		requests[i].judge(a, cmds[i:i+1])
		missing = missing || requests[i].class == "NOSCRIPT"
	}
	if !missing || g.loadScripts(ctx) != nil {
		return
	}
	for i := range requests {
		if requests[i].class == "NOSCRIPT" {
			cmd := commandsOf(ctx, requests[i].calls)
			_ = g.cluster.Process(ctx, cmd[0])
			requests[i].judge(a, cmd)
		}
	}
}

// transaction sends commands between MULTI and EXEC.
func (g *goRedis) transaction(ctx context.Context, cmds []*redis.Cmd) {
	pipe := g.cluster.TxPipeline()
	for _, cmd := range cmds {
		_ = pipe.Process(ctx, cmd)
	}
	_, _ = pipe.Exec(ctx)
}

// onOneConnection sends all commands of a request down one connection, so that
// WAIT is about its own writes. The cluster client has no such thing, and so no
// redirects here; an application that awaits replicas has to do the same.
func (g *goRedis) onOneConnection(ctx context.Context, r *request, cmds []*redis.Cmd) {
	key := ""
	for _, c := range r.calls {
		if b, ok := c.Args[c.Key].([]byte); ok && c.Key > 0 {
			key = string(b)
			break
		}
	}
	node, err := g.cluster.MasterForKey(ctx, key)
	if err != nil {
		for _, cmd := range cmds {
			cmd.SetErr(err)
		}
		return
	}
	pipe := node.Pipeline()
	for _, cmd := range cmds {
		_ = pipe.Process(ctx, cmd)
	}
	_, _ = pipe.Exec(ctx)
	if _, class := classify(cmds[0].Err()); class == "MOVED" {
		g.cluster.ReloadState(ctx)
	}
}

// judge sets the outcome by what became of all commands: that of the first
// unknown one, else of the first failed one.
func (r *request) judge(a *attempt, cmds []*redis.Cmd) {
	r.outcome, r.class, r.retried = results.OK, "", nil
	for _, cmd := range cmds {
		outcome, class := classify(cmd.Err())
		if outcome == results.Failed && a.unanswered[cmd] {
			outcome = results.Unknown
		}
		if outcome == results.Unknown || outcome == results.Failed && r.outcome == results.OK {
			r.outcome, r.class = outcome, class
		}
		if outcome == results.Unknown {
			return
		}
	}
	if r.outcome == results.OK && !r.awaited(cmds[len(cmds)-1].Val()) {
		r.outcome, r.class = results.Unknown, "unreplicated"
	}
	for _, cmd := range cmds {
		for _, class := range a.classes[cmd] {
			if r.outcome == results.OK && !slices.Contains(r.retried, class) {
				r.retried = append(r.retried, class)
			}
		}
	}
}

// awaited tells whether a reply of WAIT, or of WAITAOF, is what was asked for.
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
