package native

import (
	"context"
	"sync"

	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/deployer/pods"
)

// Agents are the connections to the agents in pods: one for each pod and helper,
// made when it is first needed, and kept.
type Agents struct {
	Cluster Pods

	mu    sync.Mutex
	conns map[agentKey]*agent.Conn
}

type agentKey struct {
	uid    string
	helper pods.Helper
}

// Conn is a connection to an agent in a pod. The helper that it lives in is put
// into the pod if it is not there.
func (a *Agents) Conn(ctx context.Context, pod pods.Pod, h pods.Helper) (*agent.Conn, error) {
	key := agentKey{pod.UID, h}
	a.mu.Lock()
	conn := a.conns[key]
	a.mu.Unlock()
	if conn != nil && alive(ctx, conn) {
		return conn, nil
	}
	if err := a.Cluster.Help(ctx, pod, h); err != nil {
		return nil, err
	}
	stream, err := a.Cluster.Session(ctx, pod, h)
	if err != nil {
		return nil, err
	}
	if conn, err = agent.NewConn(ctx, stream); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conns == nil {
		a.conns = map[agentKey]*agent.Conn{}
	}
	if old := a.conns[key]; old != nil {
		_ = old.Close()
	}
	a.conns[key] = conn
	return conn, nil
}

// alive asks an agent for something harmless: a connection that ended, as all do when an API
// server or a kubelet restarts, is known to be broken only by a request. One that would fail
// anyhow must not be that by which a fault is judged.
func alive(ctx context.Context, c *agent.Conn) bool {
	_, _ = c.Strain(ctx, c.PID()) // an answer of any kind shows that it lives
	return !c.Broken()
}

// Inside is a new connection to an agent in the container of redis-server, which
// the kernel gives its processors and memory together with.
func (a *Agents) Inside(ctx context.Context, pod pods.Pod) (*agent.Conn, error) {
	beside, err := a.Conn(ctx, pod, pods.Eyes)
	if err != nil {
		return nil, err
	}
	stream, err := a.Cluster.SessionInside(ctx, pod, beside.PID())
	if err != nil {
		return nil, err
	}
	return agent.NewConn(ctx, stream)
}

// Close ends all connections. What the agents have done goes on until its time is
// over.
func (a *Agents) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.conns {
		_ = c.Close()
	}
	a.conns = nil
}
