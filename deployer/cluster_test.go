package deployer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
)

func TestShardsCoverEverySlotOnce(t *testing.T) {
	for _, shards := range []int{1, 3, 4, 5, 7, 16, 100} {
		c := &Cluster{Shards: shards}
		next := 0
		for i := range shards {
			first, last := c.spread(i)
			if first != next || last < first {
				t.Fatalf("%d shards: shard %d has slots %d-%d, want them from %d", shards, i, first, last, next)
			}
			for _, slot := range []int{first, (first + last) / 2, last} {
				if got := c.ShardOf(slot); got != i {
					t.Errorf("%d shards: slot %d is said to be of shard %d, not %d", shards, slot, got, i)
				}
			}
			next = last + 1
		}
		if next != Slots {
			t.Errorf("%d shards: %d slots are covered", shards, next)
		}
	}
}

const nodesText = `9b6ae3f6fbcad3b83a3ab5c5da9b6f7346e6e7ea 127.0.1.4:6379@16379 myself,slave 07c37dfeb235213a872192d90877d0cd61635b91 0 1763848263000 1 connected
07c37dfeb235213a872192d90877d0cd61635b91 127.0.1.1:6379@16379,host-1 master,fail? - 1763848262000 1763848261000 1 disconnected 0-5460 5462 [5463->-9b6ae3f6fbcad3b83a3ab5c5da9b6f7346e6e7ea]
67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1 127.0.1.2:6379@16379 master,fail - 0 1763848263552 2 connected 5461-10922
`

func TestParseNodes(t *testing.T) {
	got, err := ParseNodes(nodesText)
	if err != nil {
		t.Fatal(err)
	}
	want := []Member{
		{ID: "9b6ae3f6fbcad3b83a3ab5c5da9b6f7346e6e7ea", Addr: "127.0.1.4:6379", Self: true, PrimaryID: "07c37dfeb235213a872192d90877d0cd61635b91", Epoch: 1, Linked: true},
		{ID: "07c37dfeb235213a872192d90877d0cd61635b91", Addr: "127.0.1.1:6379", Hostname: "host-1", Primary: true, PFail: true, Epoch: 1, Ranges: [][2]int{{0, 5460}, {5462, 5462}}, Open: []OpenSlot{{Slot: 5463, Other: "9b6ae3f6fbcad3b83a3ab5c5da9b6f7346e6e7ea"}}},
		{ID: "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1", Addr: "127.0.1.2:6379", Primary: true, Fail: true, Epoch: 2, Linked: true, Ranges: [][2]int{{5461, 10922}}},
	}
	if diff := deep.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "a b c", "id addr flags - 0 0 x connected", "id addr flags - 0 0 1 connected 5-3", "id addr flags - 0 0 1 connected 0-16384", "id addr flags - 0 0 1 connected [x->-y]", "id addr flags - 0 0 1 connected [16384-<-y]", "id addr flags - 0 0 1 connected [5]"} {
		if _, err := ParseNodes(bad); err == nil {
			t.Errorf("ParseNodes(%q) is no error", bad)
		}
	}
}

func FuzzParseNodes(f *testing.F) {
	f.Add(nodesText)
	f.Add(":0@0,,tls-port=0 x - 0 0 0 y [1")
	f.Fuzz(func(t *testing.T, text string) {
		members, err := ParseNodes(text)
		for _, m := range members {
			for _, r := range m.Ranges {
				if err == nil && (r[0] < 0 || r[1] < r[0] || r[1] >= Slots) {
					t.Errorf("range %v", r)
				}
			}
		}
	})
}

func TestCompareTellsChanges(t *testing.T) {
	c := &Cluster{Shards: 1, Nodes: []Node{{Name: "a", ID: "ida"}, {Name: "b", ID: "idb"}}}
	at := func(n int) results.Duration { return results.Duration(time.Duration(n) * time.Millisecond) }
	view := func(primary, ok, link bool, other Member) View {
		other.ID = "idb"
		return View{Members: []Member{{ID: "ida", Self: true}, other}, StateOK: ok, Primary: primary, LinkUp: link}
	}
	var got []string
	last := watched{sent: at(0)}
	poll := func(sent int, v View, err error) {
		last = c.compare(c.Nodes[0], last, poll{at(sent), at(sent + 2), v, err}, func(e results.Event) {
			if e.Uncertainty != e.Offset-at(sent-20) {
				t.Errorf("%s at %v: uncertainty %v does not reach back to the poll before", e.Kind, e.Offset, e.Uncertainty)
			}
			got = append(got, e.Kind+" "+e.Node+" "+e.About)
		})
	}
	poll(20, view(false, true, true, Member{}), nil) // the first look is no change
	poll(40, view(false, true, true, Member{PFail: true}), nil)
	poll(60, view(false, false, false, Member{Fail: true}), nil)
	poll(80, View{}, errTest)
	poll(100, View{}, errTest)
	poll(120, view(true, true, false, Member{Fail: true}), nil)
	poll(140, view(true, true, false, Member{}), nil)
	want := []string{"pfail a b", "state-fail a ", "link-down a ", "fail a b", "unreachable a ", "reachable a ", "promoted a ", "state-ok a ", "fail-clear a b"}
	if diff := deep.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A replica that loses its link, or is promoted, has the moment with which its data ended.
func TestCompareTellsWhenDataGrew(t *testing.T) {
	c := &Cluster{Shards: 1, Nodes: []Node{{Name: "a", ID: "ida"}}}
	at := func(n int) results.Duration { return results.Duration(time.Duration(n) * time.Millisecond) }
	var got []string
	var last watched
	poll := func(sent int, offset int64, linked, primary bool, err error) {
		v := View{Members: []Member{{ID: "ida", Self: true}}, Offset: offset, LinkUp: linked, Primary: primary, StateOK: true}
		last = c.compare(c.Nodes[0], last, poll{at(sent), at(sent), v, err}, func(e results.Event) {
			got = append(got, fmt.Sprint(e.Kind, " ", e.Grew))
		})
	}
	poll(20, 7, true, false, nil)
	poll(40, 8, true, false, nil)
	poll(60, 8, true, false, nil)
	poll(80, 0, false, false, errTest)
	poll(100, 8, false, false, nil)
	poll(120, 8, true, false, nil)
	poll(140, 9, true, false, nil)
	poll(160, 9, false, true, nil)
	want := []string{"unreachable 0s", "reachable 0s", "link-down 40ms", "link-up 0s", "promoted 140ms"}
	if diff := deep.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestCompareTellsWhoServesWhat follows a node through a replica's promotion, a move of
// slots, a new epoch and its demotion.
func TestCompareTellsWhoServesWhat(t *testing.T) {
	c := &Cluster{Shards: 1, Nodes: []Node{{Name: "a", ID: "ida"}, {Name: "b", ID: "idb"}, {Name: "c", ID: "idc"}}}
	var got []string
	var last watched
	at := results.Duration(0)
	poll := func(self Member, err error) {
		at += results.Duration(20 * time.Millisecond)
		self.ID, self.Self = "ida", true
		v := View{Members: []Member{self, {ID: "idb", Primary: true, Ranges: [][2]int{{0, 9}}}}, StateOK: true, Primary: self.Primary}
		last = c.compare(c.Nodes[0], last, poll{at, at + 1, v, err}, func(e results.Event) {
			switch e.Kind {
			case results.EventSlotsGained, results.EventSlotsLost, results.EventEpoch, results.EventFollows:
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s%s %d", e.Kind, e.About, e.Slots, e.Epoch)))
			}
		})
	}
	served := func(epoch int64, ranges ...[2]int) Member { return Member{Primary: true, Epoch: epoch, Ranges: ranges} }
	poll(Member{PrimaryID: "idb", Epoch: 1}, nil)
	poll(Member{PrimaryID: "idb", Epoch: 1}, nil)
	poll(Member{}, errTest)
	poll(served(7, [2]int{0, 99}), nil)
	poll(served(7, [2]int{0, 49}, [2]int{60, 99}), nil)
	poll(served(8, [2]int{0, 49}, [2]int{60, 99}), nil)
	poll(served(9, [2]int{0, 52}, [2]int{70, 99}), nil)
	poll(Member{PrimaryID: "idc", Epoch: 10}, nil)
	want := []string{"follows b 0", "slots-gained 0-99 7", "slots-lost 50-59 0", "epoch  8", "slots-lost 60-69 0", "slots-gained 50-52 9", "slots-lost 0-52 70-99 0", "follows c 0"}
	if diff := deep.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type testError string

func (e testError) Error() string { return string(e) }

const errTest = testError("no answer")
