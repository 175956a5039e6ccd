package chaos

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func testAim(roles []deployer.Role) Aim {
	a := Aim{
		Generators: 2, ShardOf: func(slot int) int { return slot / 6000 }, SlotOf: func(key string) int { return len(key) * 1000 },
		Hottest: func() (int, string, error) { return 12345, "the test says so", nil },
	}
	for _, r := range roles {
		a.Nodes = append(a.Nodes, r.Node)
	}
	return a
}

func target(t *testing.T, text string) scenarios.Target {
	t.Helper()
	var want scenarios.Target
	if err := want.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return want
}

// A slot that has moved is that of the shard whose primary serves it, and of two that claim it
// neither decides.
func TestASlotThatMovedIsFoundAtItsOwner(t *testing.T) {
	roles := threeByTwo(context.Background())
	roles[2].Slots = results.SlotsOf(results.SlotRange{First: 6001, Last: 6001})
	choose := func(want string) {
		t.Helper()
		list, why, err := testAim(roles).Choose(roles, target(t, "primary of slot 6001"), rand.New(rand.NewPCG(1, 1)))
		if err != nil || strings.Join(names(list), " ") != want {
			t.Errorf("it is %v (%s), %v; want %s", names(list), why, err, want)
		}
	}
	choose("node-2")
	roles[0].Slots = roles[2].Slots
	choose("node-1")
}

func TestTargetsAreFoundByTheRolesOfTheMoment(t *testing.T) {
	roles := threeByTwo(context.Background())
	// Shard 1 has failed over: node-4 is its primary now.
	roles[1].Primary, roles[4].Primary = false, true
	aim := testAim(roles)
	for text, want := range map[string]string{
		"primary of shard 1":          "node-4",
		"replica of shard 1":          "node-1",
		"shard 1":                     "node-1 node-4",
		"replicas of shard 0":         "node-3",
		"primary of slot 6001":        "node-4",
		"primary of key abcdefg":      "node-4",
		"shard of key x":              "node-0 node-3",
		"primary of the hottest slot": "node-2",
		"replica of the hottest slot": "node-5",
		"all primaries":               "node-0 node-2 node-4",
		"all replicas":                "node-1 node-3 node-5",
		"all nodes":                   "node-0 node-1 node-2 node-3 node-4 node-5",
		"node-5":                      "node-5",
	} {
		list, why, err := aim.Choose(roles, target(t, text), rand.New(rand.NewPCG(1, 1)))
		if err != nil || strings.Join(names(list), " ") != want {
			t.Errorf("%q is %v, %v; want %s", text, names(list), err, want)
		}
		if !strings.Contains(why, text) {
			t.Errorf("%q is explained by %q", text, why)
		}
	}
	for text, want := range map[string]int{"minority of primaries": 1, "majority of primaries": 2, "random primary": 1, "random replica": 1} {
		seen := map[string]bool{}
		for seed := range uint64(50) {
			list, _, err := aim.Choose(roles, target(t, text), rand.New(rand.NewPCG(seed, 1)))
			if err != nil || len(list) != want {
				t.Fatalf("%q is %v, %v; want %d", text, list, err, want)
			}
			again, _, _ := aim.Choose(threeRoles(roles), target(t, text), rand.New(rand.NewPCG(seed, 1)))
			if diff := deep.Diff(list, again); diff != "" {
				t.Errorf("the same seed chooses otherwise: %s", diff)
			}
			for _, hit := range list {
				seen[hit.Node] = true
			}
		}
		if len(seen) != 3 {
			t.Errorf("%q is only ever one of %v", text, seen)
		}
	}
	if _, _, err := aim.Choose(roles[:3], target(t, "primary of shard 1"), rand.New(rand.NewPCG(1, 1))); err == nil {
		t.Error("a primary was found that does not answer")
	}
}

func threeRoles(roles []deployer.Role) []deployer.Role { return append([]deployer.Role(nil), roles...) }

func names(list []Target) []string { return Side{Nodes: list}.names() }

func TestSides(t *testing.T) {
	roles := threeByTwo(context.Background())
	aim := testAim(roles)
	party := func(texts ...string) []scenarios.Party {
		var list []scenarios.Party
		for _, text := range texts {
			var p scenarios.Party
			if err := p.UnmarshalText([]byte(text)); err != nil {
				t.Fatal(err)
			}
			list = append(list, p)
		}
		return list
	}
	for _, tc := range []struct {
		between, and []scenarios.Party
		one, other   string
		cutOff       string
	}{
		{party("primary of shard 0", "generator 1"), party("rest"), "node-0, generator 1", "node-1, node-2, node-3, node-4, node-5, generator 0, the probes", "node-0"},
		{party("clients"), party("shard 2"), "generator 0, generator 1, the probes", "node-2, node-5", ""},
		{party("all primaries"), party("all replicas"), "node-0, node-1, node-2", "node-3, node-4, node-5", "node-3 node-4 node-5"},
		{party("generators"), party("rest"), "generator 0, generator 1", "node-0, node-1, node-2, node-3, node-4, node-5, the probes", ""},
	} {
		one, other, why, err := aim.Sides(roles, tc.between, tc.and, rand.New(rand.NewPCG(1, 1)))
		if err != nil || one.String() != tc.one || other.String() != tc.other {
			t.Errorf("%v: %s | %s, %v", tc.between, one, other, err)
		}
		if got := strings.Join(names(CutOff(one, other)), " "); got != tc.cutOff {
			t.Errorf("%s: cut off are %q, want %q", why, got, tc.cutOff)
		}
	}
	one, _, _, err := aim.Sides(roles, party("random primary", "random primary"), party("rest"), rand.New(rand.NewPCG(1, 1)))
	if err != nil || len(one.Nodes) != 2 || one.Nodes[0] == one.Nodes[1] {
		t.Errorf("two random primaries are %s, %v", one, err)
	}
	if _, _, _, err := aim.Sides(roles, party("clients"), party("probes"), rand.New(rand.NewPCG(1, 1))); err == nil {
		t.Error("clients can be cut off from each other")
	}
}

func TestWhatTheClusterCanBear(t *testing.T) {
	fault := func(words ...scenarios.Permission) scenarios.Fault { return scenarios.Fault{Allow: words} }
	cut := func(a, b string) Effect { return Effect{Cuts: [][2][]string{{strings.Fields(a), strings.Fields(b)}}} }
	for _, tc := range []struct {
		name    string
		effects []Effect
		fault   scenarios.Fault
		refused string
	}{
		{"one primary", []Effect{{Down: []string{"node-0"}}}, fault(), ""},
		{"a shard", []Effect{{Down: []string{"node-0", "node-3"}}}, fault(), ""},
		{"two primaries", []Effect{{Down: []string{"node-0"}}, {Down: []string{"node-1"}}}, fault(), "allow: [majority-down]"},
		{"two primaries, said so", []Effect{{Down: []string{"node-0"}}, {Down: []string{"node-1"}}}, fault(scenarios.MajorityDown), ""},
		{"two shards", []Effect{{Down: []string{"node-0", "node-3", "node-1", "node-4"}}}, fault(scenarios.MajorityDown), "allow: [shards-down]"},
		{"all replicas", []Effect{{Down: []string{"node-3", "node-4", "node-5"}}}, fault(), ""},
		{"a minority cut off", []Effect{cut("node-0", "node-1 node-2 node-3 node-4 node-5")}, fault(), ""},
		{"a ring of cuts", []Effect{cut("node-0", "node-1"), cut("node-1", "node-2"), cut("node-2", "node-0")}, fault(), "allow: [majority-down]"},
		{"half a ring", []Effect{cut("node-0", "node-1"), cut("node-1", "node-2")}, fault(), ""},
	} {
		s := &Storm{Shards: func() int { return 3 }}
		err := bearable(s.Shards(), threeByTwo(context.Background()), tc.effects, tc.fault)
		if (err == nil) != (tc.refused == "") || err != nil && !strings.Contains(err.Error(), tc.refused) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.refused)
		}
	}
}
