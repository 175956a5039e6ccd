package stream

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
	"github.com/slotstorm/slotstorm/workload/resp"
)

const seed = 20261122

// zipfian is the probability of each rank.
func zipfian(n int, theta float64) []float64 {
	p := make([]float64, n)
	sum := 0.0
	for k := range p {
		p[k] = math.Pow(float64(k+1), -theta)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

func TestKeysFollowTheirDistribution(t *testing.T) {
	const n, draws = 1000, 400_000
	even := make([]float64, n)
	for k := range even {
		even[k] = 1.0 / n
	}
	hot := make([]float64, n)
	for k := range hot {
		// At 25 s the hot set of a fifth has moved on twice.
		if hot[k] = 0.3 / 800; k >= 400 && k < 600 {
			hot[k] = 0.7 / 200
		}
	}
	still := make([]float64, n)
	for k := range still {
		if still[k] = 0.1 / 990; k < 10 {
			still[k] = 0.9 / 10
		}
	}
	bell := make([]float64, n)
	phi := func(x float64) float64 { return math.Erfc(-(x-n/2)/(0.2*n)/math.Sqrt2) / 2 }
	for k := range bell {
		bell[k] = (phi(float64(k+1)) - phi(float64(k))) / (phi(n) - phi(0))
	}
	type keys = scenarios.Keys
	for _, tc := range []struct {
		name string
		keys keys
		want []float64
	}{
		{"uniform", keys{Distribution: "uniform"}, even},
		{"zipfian 0.1", keys{Distribution: "zipfian", Theta: 0.1}, zipfian(n, 0.1)},
		{"zipfian 0.5", keys{Distribution: "zipfian", Theta: 0.5}, zipfian(n, 0.5)},
		{"zipfian 0.99", keys{Distribution: "zipfian", Theta: 0.99}, zipfian(n, 0.99)},
		{"zipfian 1", keys{Distribution: "zipfian", Theta: 1}, zipfian(n, 1)},
		{"zipfian 1.5", keys{Distribution: "zipfian", Theta: 1.5}, zipfian(n, 1.5)},
		{"zipfian 3", keys{Distribution: "zipfian", Theta: 3}, zipfian(n, 3)},
		{"zipfian 5", keys{Distribution: "zipfian", Theta: 5}, zipfian(n, 5)},
		{"hot set", keys{Distribution: "hotset", Hot: &scenarios.HotSet{Requests: 0.9, Keys: 0.01}}, still},
		{"moving hot spot", keys{Distribution: "hotset", Hot: &scenarios.HotSet{Requests: 0.7, Keys: 0.2, Every: scenarios.Duration(10 * time.Second)}}, hot},
		{"gaussian", keys{Distribution: "gaussian", Sigma: 0.2}, bell},
		{"sequential", keys{Distribution: "sequential"}, even},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.keys.Count = n
			p := newPicker(&tc.keys, seed, 0)
			seen := make([]float64, n)
			for i := range int64(draws) {
				d := random.For(seed, i)
				seen[p.pick(&d, place{index: i, at: 25 * time.Second})]++
			}
			fits(t, seen, tc.want)
		})
	}
}

// numbered finds the number of a key in an encoded request.
var numbered = regexp.MustCompile(`key:([0-9]+)`)

// numberOf is the number of the key of a request.
func numberOf(t *testing.T, request []byte) int64 {
	t.Helper()
	found := numbered.FindSubmatch(request)
	if found == nil {
		t.Fatalf("no key in %q", request)
	}
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Of the requests of a stream, writes go to the newest key, which moves on by the share of
// writes, and reads a zipfian rank back. Which requests are writes is drawn, so of five
// keys more than one stays without a write in a round, though each is the newest once.
func TestLatest(t *testing.T) {
	const n, draws = 1000, 400_000
	w := load(scenarios.Keys{Prefix: "key:", Count: n, Distribution: "latest", Theta: 0.99})
	s := made(t, w, seed)
	ages, written := make([]float64, n), map[int64]bool{}
	var buf []byte
	for i := range int64(draws) {
		newest := i / 5 % n
		request, meta := s.Append(buf[:0], i, 0)
		buf = request
		key := numberOf(t, request)
		if !meta.Write {
			ages[(newest-key+n)%n]++
			continue
		}
		if key != newest {
			t.Fatalf("request %d writes key %d, the newest is %d", i, key, newest)
		}
		if i < 5*n {
			written[key] = true
		}
	}
	fits(t, ages, zipfian(n, 0.99))
	if none := 1 - float64(len(written))/n; math.Abs(none-math.Pow(0.8, 5)) > 0.05 {
		t.Errorf("in the first round %.0f %% of the keys got no write", 100*none)
	}
}

// In each of several key spaces the newest key moves on with the writes of that space.
func TestLatestInSpaces(t *testing.T) {
	const n, draws = 1000, 100_000
	w := load(scenarios.Keys{})
	w.Keys = scenarios.Keys{}
	for i, weight := range []float64{1, 3} {
		k := scenarios.Keys{Prefix: fmt.Sprintf("%c-key:", 'a'+i), Count: n, Distribution: "latest", Theta: 0.99, Elements: 1}
		w.Spaces = append(w.Spaces, scenarios.KeySpace{Weight: weight, Keys: k})
	}
	s := made(t, w, seed)
	for i := range int64(draws) {
		request, meta := s.Append(nil, i, 0)
		share := 0.75
		if bytes.Contains(request, []byte("a-key:")) {
			share = 0.25
		}
		if want := int64(float64(i)*0.2*share) % n; meta.Write && numberOf(t, request) != want {
			t.Fatalf("request %d writes %q, the newest is %d", i, request, want)
		}
	}
}

// A scrambled distribution has the same probabilities, at other keys.
func TestScrambledIsAPermutation(t *testing.T) {
	for _, n := range []int64{1, 2, 3, 100, 1000, 1024, 65537} {
		p := newPermutation(n, seed)
		seen := make([]bool, n)
		for x := range n {
			y := p.of(x)
			if y < 0 || y >= n || seen[y] {
				t.Fatalf("of %d keys, %d goes to %d", n, x, y)
			}
			seen[y] = true
		}
	}
	const n, draws = 1000, 400_000
	k := &scenarios.Keys{Count: n, Distribution: "zipfian", Theta: 0.99, Scrambled: true}
	p := newPicker(k, seed, 0).(*scrambled)
	want := make([]float64, n)
	for rank, probability := range zipfian(n, 0.99) {
		want[p.to.of(int64(rank))] = probability
	}
	seen := make([]float64, n)
	for i := range int64(draws) {
		d := random.For(seed, i)
		seen[p.pick(&d, place{})]++
	}
	fits(t, seen, want)
	// The hundred hottest keys are spread: no tenth of the key space has a half
	// of them, and another seed puts them elsewhere.
	tenths, moved := map[int64]int{}, 0
	other := newPermutation(n, seed+1)
	for rank := range int64(100) {
		tenths[p.to.of(rank)/100]++
		if p.to.of(rank) != other.of(rank) {
			moved++
		}
	}
	for _, hot := range tenths {
		if hot > 50 {
			t.Errorf("the hot keys by tenths of the key space: %v", tenths)
		}
	}
	if moved < 50 {
		t.Errorf("another seed moves %d of the hundred hottest keys", moved)
	}
}

// distributions are all that keys can have.
func distributions() []string {
	return []string{"uniform", "zipfian", "hotset", "gaussian", "sequential", "latest"}
}

// Setting a trillion keys up makes no table, and their tail is drawn.
func TestATrillionKeysCostNothing(t *testing.T) {
	for _, d := range distributions() {
		k := scenarios.Keys{Count: 1e12, Distribution: d, Theta: 0.99, Sigma: 0.2, Hot: &scenarios.HotSet{Requests: 0.5, Keys: 0.1}, Scrambled: d == "zipfian", Elements: 1}
		var sp *space
		if allocs := testing.AllocsPerRun(1, func() { sp = newSpace(k, seed, 0.2) }); allocs > 30 {
			t.Errorf("%s: %.0f allocations", d, allocs)
		}
		top := int64(0)
		for i := range int64(10_000) {
			draws := random.For(7, i)
			var at spot
			at.pick(sp, &draws, place{index: i * 99_991_003})
			key := at.key
			if key < 0 || key >= 1e12 {
				t.Fatalf("%s: key %d", d, key)
			}
			top = max(top, key)
		}
		if top < 1e11 {
			t.Errorf("%s: no key above %d in 10,000 draws", d, top)
		}
	}
}

// Of a trillion keys none is left out, and none preferred to its neighbours: far from the first
// one, all last digits are equally likely.
func TestEachOfATrillionKeysIsDrawn(t *testing.T) {
	const n, draws = 1e12, 200_000
	for _, d := range distributions() {
		k := scenarios.Keys{Count: n, Distribution: d, Theta: 0.99, Sigma: 0.2, Hot: &scenarios.HotSet{Requests: 0.5, Keys: 0.1}}
		p := newPicker(&k, seed, 0.2)
		seen, want := make([]float64, 10), make([]float64, 10)
		for i := range int64(draws) {
			draws := random.For(seed, i)
			if key := p.pick(&draws, place{index: i * 4_999_999}); key >= n/100 {
				seen[key%10]++
			}
		}
		for digit := range want {
			want[digit] = 0.1
		}
		t.Run(d, func(t *testing.T) { fits(t, seen, want) })
	}
}

// A permutation of the most keys can be undone: no two keys go to one.
func TestAPermutationOfATrillionKeys(t *testing.T) {
	for _, n := range []int64{1e12, 1e12 - 1, 1 << 39, 1<<39 + 1} {
		p := newPermutation(n, seed)
		for i := range int64(20_000) {
			d := random.For(seed, i)
			x := d.Int(n)
			y := p.of(x)
			if y < 0 || y >= n || undone(p, y) != x {
				t.Fatalf("of %d keys, %d goes to %d, which comes from %d", n, x, y, undone(p, y))
			}
		}
	}
}

// undone is the key that a permutation brings to y.
func undone(p permutation, y int64) int64 {
	for z := uint64(y); ; {
		for i := range p.odd {
			i = len(p.odd) - 1 - i
			z ^= z >> p.shift
			z = (z - p.add[i]) * inverse(p.odd[i]) & p.mask
		}
		if z < p.n {
			return int64(z)
		}
	}
}

// inverse is that of an odd number modulo 2^64, by Newton's iteration: each step doubles the
// number of right bits, of which an odd number itself has three.
func inverse(odd uint64) uint64 {
	x := odd
	for range 5 {
		x *= 2 - odd*x
	}
	return x
}

// The slot that a request is said to have is that of all of its keys, and hot
// slots and tags do what they say.
func TestSlots(t *testing.T) {
	for _, keys := range []scenarios.Keys{
		{Prefix: "key:", Count: 1000},
		{Prefix: "key:", Count: 1005, Tag: 10},
		{Prefix: "key:", Count: 1005, Tag: 1},
		{Prefix: "{same}:", Count: 1000},
		{Prefix: "{same}:", Count: 1000, Tag: 10},
		{Prefix: "{}odd:", Count: 1000},
		{Prefix: "}x", Count: 1000, Tag: 7},
		{Prefix: "", Count: 1, Tag: 3},
		{Prefix: "key:", Count: 1000, Tag: 10, Slot: &scenarios.HotSlot{Slot: 16383, Share: 0.5}},
	} {
		keys.Distribution, keys.Elements = "uniform", 1
		sp := newSpace(keys, seed, 0)
		names := map[string]string{}
		for i := range int64(2000) {
			d := random.For(seed, i)
			var s spot
			s.pick(sp, &d, place{})
			for typ := range keyTypes {
				for n := range int64(5) {
					name := string(s.appendName(nil, typ, n))
					if got := int(resp.Slot([]byte(name))); got != s.slot(typ) && (n == 0 || s.tag > 0 || s.fixed) {
						t.Fatalf("%+v: %s has slot %d, said to be %d", keys, name, got, s.slot(typ))
					}
					key := fmt.Sprint(s.neighbour(n), s.hot, typ)
					if other, ok := names[name]; ok && other != key {
						t.Fatalf("%s names both %s and %s", name, other, key)
					}
					names[name] = key
				}
			}
		}
	}
}

func TestHotSlotGetsItsShare(t *testing.T) {
	w := load(scenarios.Keys{Prefix: "key:", Count: 1_000_000, Distribution: "uniform", Slot: &scenarios.HotSlot{Slot: 42, Share: 0.3}})
	s := made(t, w, seed)
	const draws = 100_000
	seen := []float64{0, 0}
	for i := range int64(draws) {
		if _, m := s.Append(nil, i, 0); m.Slot == 42 {
			seen[0]++
		} else {
			seen[1]++
		}
	}
	p := 0.3 + 0.7/resp.Slots
	fits(t, seen, []float64{p, 1 - p})
}

func TestKeySpacesFollowTheirWeights(t *testing.T) {
	w := parsed(t, `
  spaces:
    - {weight: 6, keys: {prefix: "a:", count: 10}}
    - {weight: 3, keys: {prefix: "b:", count: 10}}
    - {weight: 1, keys: {prefix: "c:", count: 10}}
`)
	s := made(t, w, seed)
	seen := make([]float64, 3)
	for i := range int64(100_000) {
		b, m := s.Append(nil, i, 0)
		name := s.Calls(b, m)[0].Args[1].([]byte)
		seen[name[0]-'a']++
	}
	fits(t, seen, []float64{0.6, 0.3, 0.1})
}

func BenchmarkKeys(b *testing.B) {
	for _, d := range append(distributions(), "scrambled") {
		benchmarkKeys(b, d, 1e6)
		benchmarkKeys(b, d, 1e12)
	}
}

func benchmarkKeys(b *testing.B, d string, n int64) {
	b.Run(fmt.Sprintf("%s/%.0e", d, float64(n)), func(b *testing.B) {
		k := scenarios.Keys{Count: n, Distribution: d, Theta: 0.99, Sigma: 0.2, Hot: &scenarios.HotSet{Requests: 0.5, Keys: 0.1, Every: scenarios.Duration(time.Second)}}
		if d == "scrambled" {
			k.Distribution, k.Scrambled = "zipfian", true
		}
		p := newPicker(&k, seed, 0.2)
		b.ReportAllocs()
		i := int64(0)
		for b.Loop() {
			draws := random.For(seed, i)
			draw(p, &draws, place{index: i, at: time.Duration(i)})
			i++
		}
	})
}
