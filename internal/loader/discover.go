package loader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// ErrUnreachable marks an error of finding the server.
var ErrUnreachable = errors.New("the server cannot be reached")

// Unusable is the error of a server that answers, and cannot take a load.
type Unusable struct {
	Addr string
	// Class is the first word of the server's error reply, such as NOAUTH; LOADING of a
	// server that is loading its data; NoPassword of one that takes no password; empty for
	// another reason.
	Class string
	// Why is the reply, or the reason.
	Why string
}

func (u *Unusable) Error() string {
	return fmt.Sprintf("the server %s cannot be used: %s", u.Addr, u.Why)
}

// NoPassword is the class of a server that has no password, and gets one.
const NoPassword = "no password"

const discoverLimit = 5 * time.Second

// discover asks the server what it is, and for its shards.
func discover(ctx context.Context, addr string, dialer dial.Dialer) (servers.Target, results.Server, error) {
	ctx, cancel := context.WithTimeout(ctx, discoverLimit)
	defer cancel()
	options := &redis.Options{Addr: addr, DisableIdentity: true, Protocol: 2, MaxRetries: -1, DialerRetries: 1}
	dialer.Options(options)
	cl := redis.NewClient(options)
	defer cl.Close()
	info, err := cl.Info(ctx).Result()
	if err != nil {
		return servers.Target{}, results.Server{}, unanswered(addr, err)
	}
	server := results.ServerOfInfo(info)
	t := servers.Target{Addrs: []string{addr}, Dialer: dialer}
	switch {
	case strings.Contains(info, "\nloading:1"):
		return t, server, &Unusable{Addr: addr, Class: "LOADING", Why: "it is loading its data"}
	case !strings.Contains(info, "\ncluster_enabled:1"):
		t.Shards = [][]servers.Member{{{Name: addr, Addr: addr}}}
		t.ShardOf = func(int) int { return 0 }
		return t, server, nil
	}
	t.Cluster = true
	text, err := cl.ClusterNodes(ctx).Result()
	if err != nil {
		return t, server, unanswered(addr, err)
	}
	members, err := deployer.ParseNodes(text)
	if err == nil {
		err = shards(&t, members)
	}
	return t, server, err
}

// authenticate has the server check the password, if there is one. go-redis goes on when a
// server without a password refuses AUTH, but wire does not.
func authenticate(ctx context.Context, addr string, dialer dial.Dialer) error {
	ctx, cancel := context.WithTimeout(ctx, discoverLimit)
	defer cancel()
	options := &redis.Options{Addr: addr, DisableIdentity: true, Protocol: 2, MaxRetries: -1, DialerRetries: 1}
	dialer.Options(options)
	words := []any{"AUTH", options.Username, options.Password}
	switch {
	case options.Password == "":
		return nil
	case options.Username == "":
		words = []any{"AUTH", options.Password}
	}
	options.Username, options.Password = "", ""
	cl := redis.NewClient(options)
	defer cl.Close()
	err := cl.Do(ctx, words...).Err()
	if err == nil {
		return nil
	}
	err = unanswered(addr, err)
	var unusable *Unusable
	if errors.As(err, &unusable) && unusable.Class == "ERR" {
		// A wrong password is WRONGPASS.
		unusable.Class = NoPassword
	}
	return err
}

// unanswered is the error of a question that the server refused, or did not answer.
func unanswered(addr string, err error) error {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return fmt.Errorf("%w: %s: %w", ErrUnreachable, addr, err)
	}
	class, _, _ := strings.Cut(reply.Error(), " ")
	return &Unusable{Addr: addr, Class: class, Why: strings.TrimRight(reply.Error(), ".")}
}

// shards adds the primaries of the members to t.
func shards(t *servers.Target, members []deployer.Member) error {
	// Each node lists them in an order of its own: shards are numbered by their slots.
	members = slices.DeleteFunc(members, func(m deployer.Member) bool { return !m.Primary || len(m.Ranges) == 0 })
	slices.SortFunc(members, func(a, b deployer.Member) int { return a.Ranges[0][0] - b.Ranges[0][0] })
	var shardOf [deployer.Slots]int
	served := 0
	for _, m := range members {
		for _, r := range m.Ranges {
			for slot := r[0]; slot <= r[1]; slot++ {
				shardOf[slot] = len(t.Shards)
				served++
			}
		}
		addr := m.Addr
		if strings.HasPrefix(addr, ":") {
			addr = t.Addrs[0] // a node that does not know its own address
		}
		t.Shards = append(t.Shards, []servers.Member{{Name: m.ID[:min(8, len(m.ID))], Addr: addr}})
	}
	if served < deployer.Slots {
		return &Unusable{Addr: t.Addrs[0], Why: fmt.Sprintf("its cluster is not whole: %d of %d slots are served", served, deployer.Slots)}
	}
	t.ShardOf = func(slot int) int { return shardOf[slot] }
	return nil
}
