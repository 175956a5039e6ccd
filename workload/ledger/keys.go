package ledger

import (
	"slices"
	"strconv"
	"sync"

	"github.com/slotstorm/slotstorm/results"
)

// job is one write that is due.
type job struct {
	seq      int
	intended results.Duration
	kind     string
	key      string
}

// keys chooses the key of each write from one seat. Of every kind but once, some keys are
// open at a time; each takes one write at a time, so that its writes have an
// order, and is replaced by another when it has had its share.
type keys struct {
	seat  string
	kinds []string

	mu   sync.Mutex
	open map[string][]key
	made map[string]int
}

type key struct {
	key    string
	writes int
	busy   bool
}

const (
	// writesPerKey keeps histories short enough to be checked for
	// linearizability.
	writesPerKey = 64
	// keysPerShard are open at a time, on average, of each kind.
	keysPerShard = 4
)

// prefix starts every audited key.
const prefix = "slotstorm:audit:"

func newKeys(a Audit, seat int) *keys {
	k := &keys{kinds: a.Spec.Kinds, open: map[string][]key{}, made: map[string]int{}}
	if seat > 0 {
		k.seat = strconv.Itoa(seat) + ":"
	}
	for _, kind := range k.kinds {
		if kind == results.KindOnce {
			continue
		}
		for range keysPerShard * len(a.Target.Shards) {
			k.open[kind] = append(k.open[kind], key{key: k.make(kind)})
		}
	}
	return k
}

func (k *keys) make(kind string) string {
	k.made[kind]++
	return prefix + kind + ":" + k.seat + strconv.Itoa(k.made[kind]-1)
}

// next is the job of a write: seq is its number in the run, n among those of the
// seat. Where all open keys of its turn wait for answers, it goes to a key of its
// own.
func (k *keys) next(seq, n int) job {
	k.mu.Lock()
	defer k.mu.Unlock()
	kind := k.kinds[n%len(k.kinds)]
	j := job{seq: seq, kind: kind}
	open := k.open[kind]
	for i := range open {
		o := &open[(n/len(k.kinds)+i)%len(open)]
		if o.busy {
			continue
		}
		if o.writes == writesPerKey {
			*o = key{key: k.make(kind)}
		}
		j.key = o.key
		o.busy = true
		o.writes++
		return j
	}
	j.kind, j.key = results.KindOnce, prefix+strconv.Itoa(seq)
	return j
}

// release notes that a job has ended.
func (k *keys) release(j job) {
	k.mu.Lock()
	defer k.mu.Unlock()
	open := k.open[j.kind]
	if i := slices.IndexFunc(open, func(o key) bool { return o.key == j.key }); i >= 0 {
		open[i].busy = false
	}
}

// register is one of the open registers.
func (k *keys) register(n int64) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	open := k.open[results.KindRegister]
	if len(open) == 0 {
		return "", false
	}
	o := open[int(n)%len(open)]
	return o.key, o.writes > 0
}
