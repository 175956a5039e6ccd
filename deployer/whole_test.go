package deployer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// three are a shard of a and b and one of c and d, with the primaries a and c.
func three() *Cluster {
	return &Cluster{Shards: 2, Nodes: []Node{{"a", "", 0, "ida"}, {"b", "", 0, "idb"}, {"c", "", 1, "idc"}, {"d", "", 1, "idd"}}}
}

// serves is what a primary says, and follows what a replica does.
func serves(id string, offset int64, replicas int) View {
	return View{Primary: true, Offset: offset, Replicas: replicas, Members: []Member{{ID: id, Self: true, Primary: true}}}
}

func follows(id, primary string, offset int64, up bool) View {
	return View{Offset: offset, LinkUp: up, Members: []Member{{ID: id, Self: true, PrimaryID: primary}}}
}

// TestReplicasMayMoveBetweenShards takes a node for what it is now: a replica that moved
// to a primary of another shard is as good as one that was deployed there.
func TestReplicasMayMoveBetweenShards(t *testing.T) {
	far := int64(100 << 20)
	for _, tt := range []struct {
		name  string
		views []View
		want  string
	}{
		{"as deployed", []View{serves("ida", 9, 1), follows("idb", "ida", 9, true), serves("idc", far, 1), follows("idd", "idc", far, true)}, ""},
		{"d moved to a", []View{serves("ida", 9, 2), follows("idb", "ida", 9, true), serves("idc", far, 0), follows("idd", "ida", 9, true)}, ""},
		{"d took a's place", []View{follows("ida", "idd", 7, true), follows("idb", "idd", 7, true), serves("idc", far, 0), serves("idd", 7, 2)}, ""},
		{"d moved, and has not synchronised", []View{serves("ida", 9, 1), follows("idb", "ida", 9, true), serves("idc", far, 0), follows("idd", "ida", 0, false)}, "d has not synchronised with its primary a"},
		{"d moved, and is not counted", []View{serves("ida", 9, 1), follows("idb", "ida", 9, true), serves("idc", far, 0), follows("idd", "ida", 9, true)}, "a has 1 of 2 replicas connected"},
		{"d is behind", []View{serves("ida", 9, 1), follows("idb", "ida", 9, true), serves("idc", far, 1), follows("idd", "idc", 0, true)}, "d is 104857600 bytes behind its primary c"},
		{"b follows a replica", []View{follows("ida", "idc", far, true), follows("idb", "ida", 9, true), serves("idc", far, 2), follows("idd", "idc", far, true)}, "b has a as its primary, which is none"},
	} {
		err := three().followed(tt.views)
		if got := text(err); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestARoleIsOfTheShardThatIsServedNow follows a node through a migration, a move of slots
// and the loss of all of them.
func TestARoleIsOfTheShardThatIsServedNow(t *testing.T) {
	c := three()
	d := c.Nodes[3] // deployed into shard 1
	half := Slots / 2
	view := func(primary string, a, c [][2]int, own ...[2]int) View {
		return View{Primary: primary == "", Members: []Member{
			{ID: "ida", Primary: true, Ranges: a}, {ID: "idc", Primary: true, Ranges: c}, {ID: "idd", Self: true, Primary: primary == "", PrimaryID: primary, Ranges: own},
		}}
	}
	first, second := [][2]int{{0, half - 1}}, [][2]int{{half, Slots - 1}}
	for _, tt := range []struct {
		name string
		view View
		want int
	}{
		{"as deployed", view("idc", first, second), 1},
		{"moved to shard 0", view("ida", first, second), 0},
		{"took shard 0 over", view("", nil, second, first...), 0},
		{"serves a slot of its own and more of the other", view("", first, nil, [2]int{half - 10, half}), 0},
		{"serves nothing", view("", first, second), 1},
		{"follows a node that serves nothing", view("ida", nil, second), 1},
	} {
		if got := c.shardNow(d, tt.view); got != tt.want {
			t.Errorf("%s: shard %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestAWholeClusterServesEverySlot(t *testing.T) {
	c := three()
	view := func(last int) View {
		return View{StateOK: true, Members: []Member{
			{ID: "ida", Self: true, Primary: true, Ranges: [][2]int{{0, 8191}}}, {ID: "idb", Linked: true, PrimaryID: "ida"},
			{ID: "idc", Linked: true, Primary: true, Ranges: [][2]int{{8192, last}}}, {ID: "idd", Linked: true, PrimaryID: "idc"},
		}}
	}
	if err := c.agrees(c.Nodes[0], view(Slots-1)); err != nil {
		t.Error(err)
	}
	short, failed := view(16000), view(Slots-1)
	short.StateOK, failed.StateOK = false, false
	for want, v := range map[string]View{"a knows no node that serves 383 of the slots": short, "a says cluster_state:fail": failed} {
		if got := text(c.agrees(c.Nodes[0], v)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestAWaitNamesTheLastAnswer cuts the last look off at the deadline: what that one says
// is about the deadline, and not about the cluster.
func TestAWaitNamesTheLastAnswer(t *testing.T) {
	t.Parallel()
	c := &Cluster{}
	ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond, errors.New("not seen within 50ms"))
	defer cancel()
	looks := 0
	err := c.await(ctx, func() error {
		if looks++; looks < 3 {
			return errors.New("node-4 has not synchronised")
		}
		<-ctx.Done()
		return errors.New("read tcp: i/o timeout")
	})
	if got := text(err); !strings.HasPrefix(got, "node-4 has not synchronised") || strings.Contains(got, "i/o timeout") || !strings.Contains(got, "not seen within") {
		t.Error(got)
	}
	// Without any answer there is nothing else to name.
	err = c.await(ctx, func() error { return errors.New("read tcp: i/o timeout") })
	if !strings.HasPrefix(text(err), "read tcp: i/o timeout") {
		t.Error(err)
	}
	// A deadline without a reason of its own says how long the wait was.
	ctx, cancel = context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	err = c.await(ctx, func() error { return errors.New("node-4 has not synchronised") })
	if got := text(err); !strings.HasPrefix(got, "node-4 has not synchronised (after a wait of ") || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(got)
	}
}
