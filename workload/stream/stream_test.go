package stream

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/schedule"
)

// everything has every command, distribution and shape that there is.
const everything = `
  rate: 20000
  arrival: poisson
  pattern: {ramp: {to: 40000, over: 1s}}
  spaces:
    - {weight: 3, keys: {prefix: "a:", count: 1e9, scrambled: true, tag: 20}}
    - {weight: 1, keys: {prefix: "b:", distribution: hotset, hot: {requests: 0.9, keys: 0.01, every: 100ms}, tag: 20}}
    - {weight: 1, keys: {prefix: "c:", distribution: gaussian, tag: 20, slot: {slot: 7, share: 0.5}}}
    - {weight: 1, keys: {prefix: "d:", distribution: latest, tag: 20}}
    - {weight: 1, keys: {prefix: "e:", distribution: sequential, tag: 20}}
  values: {logNormal: {median: 60, sigma: 1, max: 4096}, compressible: 0.3}
  mix:
    - {command: GET, weight: 1}
    - {command: SET, weight: 1, nx: true, ttl: 1500ms}
    - {command: SET, name: SET-wait, weight: 1, wait: {replicas: 1, timeout: 100ms}}
    - {command: MGET, weight: 1}
    - {command: MSET, weight: 1, keys: 5}
    - {command: INCR, weight: 1}
    - {command: DECR, weight: 1}
    - {command: HSET, weight: 1}
    - {command: HGET, weight: 1}
    - {command: HGETALL, weight: 1}
    - {command: LPUSH, weight: 1, count: 3}
    - {command: RPUSH, weight: 1}
    - {command: LPOP, weight: 1}
    - {command: RPOP, weight: 1}
    - {command: LRANGE, weight: 1, count: 1}
    - {command: ZADD, weight: 1}
    - {command: ZINCRBY, weight: 1}
    - {command: ZRANGE, weight: 1}
    - {command: SADD, weight: 1}
    - {command: SISMEMBER, weight: 1}
    - {command: EXPIRE, weight: 1, type: hash, ttl: 1m}
    - {command: DEL, weight: 1}
    - {command: XADD, weight: 1}
    - {command: SPUBLISH, weight: 1}
    - {command: EVALSHA, weight: 1, keys: 2, script: "return redis.call('INCR', KEYS[1])", args: ["{random:10}", "x{index}"]}
    - {command: MULTI, weight: 1, commands: ["INCR {key:counter}", "HSET {key:hash} f {value}", "GET {key+1}"]}
    - {command: RAW, weight: 1, raw: "SETRANGE {key} 0 {value}"}
    - {command: RAW, weight: 1, raw: "GET config", name: config}
    - {command: RAW, weight: 1, raw: "STRLEN {key}:{index}"}
    - {command: RAW, weight: 1, raw: "HGET {value} f", name: odd}
    - {command: RAW, weight: 1, raw: "COPY {key} {key}:copy"}
    - {command: RAW, weight: 1, raw: "PUBLISH {key} {value}"}
`

func TestMixFollowsWeights(t *testing.T) {
	w := parsed(t, "  mix: [{command: GET, weight: 70}, {command: SET, weight: 20}, {command: INCR, weight: 9}, {command: DEL, weight: 1}]\n")
	s := made(t, w, seed)
	seen := make([]float64, 4)
	for i := range int64(100_000) {
		seen[s.Command(i)]++
	}
	fits(t, seen, []float64{0.7, 0.2, 0.09, 0.01})
}

// sent is what each of n generators sends, in one: by index.
func sent(t *testing.T, w *scenarios.Workload, seed uint64, n int) map[int64]string {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	all := map[int64]string{}
	for g := range int64(n) {
		s := made(t, w, seed)
		wg.Go(func() {
			times := schedule.New(schedule.Options{Workload: w, Seed: seed, Length: time.Second})
			for {
				b, ok := times.Next()
				if !ok {
					return
				}
				if b.Number%int64(n) != g {
					continue
				}
				for i := range int64(b.Count) {
					encoded, m := s.Append(nil, b.First+i, b.At)
					mu.Lock()
					if all[b.First+i] != "" {
						t.Errorf("request %d is sent twice", b.First+i)
					}
					all[b.First+i] = fmt.Sprintf("%v %+v %s", b.At, m, encoded)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return all
}

// The same seed gives the same requests at the same times, byte for byte, with 1
// or 4 generators.
func TestTheSeedDecidesEveryByte(t *testing.T) {
	for _, more := range []string{"", "  pipeline: {min: 1, max: 16}\n"} {
		yaml := everything
		if more != "" {
			yaml = strings.NewReplacer("distribution: latest", "distribution: uniform", "distribution: sequential", "distribution: uniform").Replace(yaml)
			yaml = strings.ReplaceAll(yaml, ", wait: {replicas: 1, timeout: 100ms}", "")
			yaml = strings.ReplaceAll(yaml, `    - {command: MULTI, weight: 1, commands: ["INCR {key:counter}", "HSET {key:hash} f {value}", "GET {key+1}"]}`+"\n", "")
		}
		w := parsed(t, yaml+more)
		one, four := sent(t, w, 99, 1), sent(t, w, 99, 4)
		if len(one) < 10_000 || len(one) != len(four) {
			t.Fatalf("one generator sends %d requests, four %d", len(one), len(four))
		}
		for i, want := range one {
			if four[i] != want {
				t.Fatalf("request %d of four generators is\n%.200q, of one\n%.200q", i, four[i], want)
			}
		}
		same := 0
		for i, other := range sent(t, w, 100, 1) {
			if one[i] == other {
				same++
			}
		}
		if same > 0 {
			t.Errorf("another seed sends %d of the same requests", same)
		}
	}
}

// Changing the values leaves the keys, and changing the arrivals leaves both.
func TestStreamsAreIndependent(t *testing.T) {
	a := made(t, load(scenarios.Keys{Prefix: "key:", Count: 1000, Distribution: "uniform"}), seed)
	w := load(scenarios.Keys{Prefix: "key:", Count: 1000, Distribution: "uniform"})
	w.Values, w.Arrival = scenarios.Values{Range: &scenarios.SizeRange{Min: 1, Max: 9}}, "constant"
	b := made(t, w, seed)
	for i := range int64(1000) {
		x, m := a.Append(nil, i, 0)
		y, n := b.Append(nil, i, 0)
		if m != n || !bytes.Equal(a.Calls(x, m)[0].Args[1].([]byte), b.Calls(y, n)[0].Args[1].([]byte)) {
			t.Fatalf("request %d has another key", i)
		}
	}
}

// Whatever the command, its bytes are a well-formed RESP array, its keys are in
// its slot, and Calls reads it back.
func TestEveryRequestIsWellFormed(t *testing.T) {
	s := made(t, parsed(t, everything), seed)
	seen := map[string]bool{}
	var buf, again []byte
	for i := range int64(20_000) {
		var m Meta
		buf, m = s.Append(buf[:0], i, time.Duration(i)*time.Millisecond)
		calls := s.Calls(buf, m)
		if len(calls) != m.Replies {
			t.Fatalf("%s: %d commands for %d replies", s.Names()[m.Command], len(calls), m.Replies)
		}
		if m.Command != s.Command(i) {
			t.Fatalf("request %d is of entry %d, said to be of %d", i, m.Command, s.Command(i))
		}
		again = again[:0]
		for _, c := range calls {
			again = resp.AppendHeader(again, len(c.Args))
			for j, a := range c.Args {
				if j == 0 {
					again = resp.AppendBulkString(again, a.(string))
					continue
				}
				again = resp.AppendBulk(again, a.([]byte))
			}
			if c.Key > 0 {
				if slot := int(resp.Slot(c.Args[c.Key].([]byte))); slot != m.Slot {
					t.Fatalf("%q is in slot %d, the request said %d", c.Args, slot, m.Slot)
				}
			}
			if word := c.Args[0].(string); word == "MGET" || word == "MSET" {
				step := map[string]int{"MGET": 1, "MSET": 2}[word]
				for j := 1; j < len(c.Args); j += step {
					if slot := int(resp.Slot(c.Args[j].([]byte))); slot != m.Slot {
						t.Fatalf("key %d of %s is in slot %d, the request said %d", j, word, slot, m.Slot)
					}
				}
			}
		}
		if !bytes.Equal(again, buf) {
			t.Fatalf("%q reads back as %q", buf, again)
		}
		seen[s.Names()[m.Command]] = true
	}
	if len(seen) != len(s.Names()) {
		t.Errorf("drawn are only %v", seen)
	}
}

// Each entry of the mix is the command that its name says.
func TestCommands(t *testing.T) {
	for mix, want := range map[string]string{
		`{command: GET, weight: 1}`:                         "GET k:0",
		`{command: SET, weight: 1}`:                         "SET k:0 xx EX 60",
		`{command: SET, weight: 1, ttl: 1500ms, nx: true}`:  "SET k:0 xx PX 1500 NX",
		`{command: MGET, weight: 1, keys: 3}`:               "MGET k:{0}:0 k:{0}:0 k:{0}:0",
		`{command: MSET, weight: 1, keys: 2}`:               "MSET k:{0}:0 xx k:{0}:0 xx",
		`{command: INCR, weight: 1}`:                        "INCR k:n:0",
		`{command: HSET, weight: 1}`:                        "HSET k:h:0 field:0 xx",
		`{command: LPUSH, weight: 1, count: 2}`:             "LPUSH k:l:0 xx xx",
		`{command: LRANGE, weight: 1, count: 1}`:            "LRANGE k:l:0 0 0",
		`{command: LRANGE, weight: 1}`:                      "LRANGE k:l:0 0 9",
		`{command: SADD, weight: 1}`:                        "SADD k:s:0 member:0",
		`{command: EXPIRE, weight: 1, ttl: 1m, type: list}`: "PEXPIRE k:l:0 60000",
		`{command: DEL, weight: 1}`:                         "DEL k:0",
		`{command: XADD, weight: 1, maxLen: 5}`:             "XADD k:x:0 MAXLEN ~ 5 * value xx",
		`{command: SPUBLISH, weight: 1}`:                    "SPUBLISH k:c:0 xx",
		`{command: EVALSHA, weight: 1, script: "return 1", args: ["{index}", "a{value}b", "{random:1}"]}`: "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 k:o:0 7 axxb 0",
		`{command: MULTI, weight: 1, commands: ["INCR {key:counter}", "PING"]}`:                           "MULTI\nINCR k:n:{0}:0\nPING\nEXEC",
		`{command: SET, weight: 1, ttl: 1s, wait: {replicas: 1, timeout: 20ms}}`:                          "SET k:0 xx EX 1\nWAIT 1 20",
		`{command: RAW, weight: 1, raw: "SET 'a key' '{\"x\": [1, 2]}'{key:hash}\"\\n\""}`:                "SET a key {\"x\": [1, 2]}k:h:0\n",
		`{command: EVALSHA, weight: 1, keys: 0, script: "return 1", args: ["'two words'", "''"]}`:         "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0 two words ",
		`{command: RAW, weight: 1, raw: "BITFIELD {key}  SET u8 #{element} {index}"}`:                     "BITFIELD k:0 SET u8 #0 7",
		`{command: RAW, weight: 1, raw: "SMOVE {key:set} {key:set+1} member:{element}-{random:1}"}`:       "SMOVE k:s:{0}:0 k:s:{0}:0 member:0-0",
	} {
		s := made(t, parsed(t, "  keys: {prefix: \"k:\", count: 1, elements: 1}\n  values: {size: 2, compressible: 1, ttl: 1m}\n  mix: ["+mix+"]\n"), seed)
		buf, m := s.Append(nil, 7, 0)
		var lines []string
		for _, c := range s.Calls(buf, m) {
			var words []string
			for _, a := range c.Args {
				words = append(words, fmt.Sprintf("%s", a))
			}
			lines = append(lines, strings.Join(words, " "))
		}
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("%s is\n%s, want\n%s", mix, got, want)
		}
	}
}

func TestMeta(t *testing.T) {
	for mix, want := range map[string]Meta{
		`{command: GET, weight: 1}`:                                                                                    {Slot: 1, Replies: 1, Reads: true},
		`{command: SET, weight: 1}`:                                                                                    {Slot: 1, Replies: 1, Write: true},
		`{command: SPUBLISH, weight: 1}`:                                                                               {Slot: 1, Replies: 1},
		`{command: RAW, weight: 1, raw: "hget {key:hash} a"}`:                                                          {Slot: 1, Replies: 1, Reads: true},
		`{command: RAW, weight: 1, raw: "PING"}`:                                                                       {Slot: 1, Replies: 1, Keyless: true},
		`{command: RAW, weight: 1, raw: "GET config"}`:                                                                 {Slot: 1, Replies: 1, Reads: true},
		`{command: EVALSHA, weight: 1, script: "return 1", keys: 0}`:                                                   {Slot: 1, Replies: 1, Write: true, Effect: resp.Partial, Keyless: true},
		`{command: MULTI, weight: 1, commands: ["PING", "GET config"]}`:                                                {Slot: 1, Replies: 4, Effect: resp.Transaction},
		`{command: RAW, weight: 1, raw: "NEWCOMMAND {key}"}`:                                                           {Slot: 1, Replies: 1, Write: true, Effect: resp.Partial},
		`{command: RAW, weight: 1, raw: "eval x 1 {key}"}`:                                                             {Slot: 1, Replies: 1, Write: true, Effect: resp.Partial},
		`{command: EVALSHA, weight: 1, script: "return 1", keys: 1}`:                                                   {Slot: 1, Replies: 1, Write: true, Effect: resp.Partial},
		`{command: MULTI, weight: 1, commands: ["GET {key}", "HGET {key:hash} a"]}`:                                    {Slot: 1, Replies: 4, Effect: resp.Transaction},
		`{command: MULTI, weight: 1, commands: ["GET {key}", "INCR {key:counter}"], wait: {replicas: 1, timeout: 1s}}`: {Slot: 1, Replies: 5, Write: true, Effect: resp.Transaction, Wait: 1},
	} {
		s := made(t, parsed(t, "  mix: ["+mix+"]\n"), seed)
		_, m := s.Append(nil, 7, 0)
		if m.Slot >= 0 {
			m.Slot = 1
		}
		if m != want {
			t.Errorf("%s: %+v, want %+v", mix, m, want)
		}
	}
}

// The key of the template decides the slot, wherever it stands and whatever it is made
// of. The words of want are those that are keys.
func TestSlotOfTemplates(t *testing.T) {
	for raw, key := range map[string]int{
		"GET config":                           1,
		"GET '{user:1}:a b'":                   1,
		"GET {key}":                            1,
		"GET {key+1}":                          1,
		"SET cart:{key} {value}":               1,
		"SET '{a}'{key}{index} x":              1,
		"GET page:{random:50}":                 1,
		"GET {index}":                          1,
		"GET {value}":                          1,
		"SETEX key:{value} 60 {key}":           1,
		"EVAL 'return 1' 1 config x":           3,
		"EVAL 'return 1' 2 {key} {key+1}":      3,
		"FCALL f 1 a:{key} {key:hash}":         3,
		"XREAD COUNT 1 STREAMS {key:stream} 0": 4,
		"XREADGROUP GROUP g c STREAMS s >":     5,
		"MEMORY USAGE {key:hash}":              2,
		"OBJECT ENCODING config":               2,
		"BITOP AND {key} {key} {key}":          2,
		"SORT {key:list} STORE {key:list}":     1,
		"SPUBLISH news x":                      1,
		"ZUNIONSTORE {key:zset} 1 {key:zset}":  1,
		"LMPOP 1 {key:list} LEFT":              2,
		"JSON.SET {key} $ '{\"a\": 1}'":        1,
	} {
		s := made(t, parsed(t, "  keys: {tag: 2}\n  mix: [{command: RAW, weight: 1, raw: "+strconv.Quote(raw)+"}]\n"), seed)
		for i := range int64(100) {
			b, m := s.Append(nil, i, 0)
			c := s.Calls(b, m)[0]
			if c.Key != key {
				t.Errorf("%s has its key at %d, want %d", raw, c.Key, key)
			} else if slot := int(resp.Slot(c.Args[key].([]byte))); m.Slot != slot || m.Keyless {
				t.Fatalf("%s: the slot of %s is %d, not %d; without key: %v", raw, c.Args[key], slot, m.Slot, m.Keyless)
			}
		}
	}
}

// Requests without a key spread over all slots, and draw nothing from the keys of the
// others.
func TestKeylessRequestsSpread(t *testing.T) {
	for _, raw := range []string{"SCAN 0", "PUBLISH news x", "PUBLISH {key} x", "EVAL 'return 1' 0", "FCALL f 0 {key}", "INFO server", "PING"} {
		s := made(t, parsed(t, "  mix: [{command: RAW, weight: 1, raw: "+strconv.Quote(raw)+"}]\n"), seed)
		seen := make([]float64, 4)
		for i := range int64(4000) {
			b, m := s.Append(nil, i, 0)
			if !m.Keyless || s.Calls(b, m)[0].Key != 0 {
				t.Fatalf("%s has a key", raw)
			}
			seen[m.Slot*4/resp.Slots]++
		}
		fits(t, seen, []float64{0.25, 0.25, 0.25, 0.25})
	}
}

// A prefill writes every key of every type once, and each whole.
func TestPrefill(t *testing.T) {
	w := parsed(t, `
  keys: {prefix: "k:", count: 50, elements: 250, slot: {slot: 5, share: 0.5}}
  values: {size: 3, ttl: 10s}
  prefill: {keys: 40%}
  mix:
    - {command: GET, weight: 1}
    - {command: INCR, weight: 1}
    - {command: HGET, weight: 1}
    - {command: LPOP, weight: 1}
    - {command: ZRANGE, weight: 1}
    - {command: XADD, weight: 1}
    - {command: EVALSHA, weight: 1, script: "return 1"}
`)
	s := made(t, w, seed)
	elements := map[string]int{}
	for n := range s.Fills() {
		b, slot := s.AppendFill(nil, n)
		p := resp.NewParser(resp.DefaultLimits())
		r, took, err := p.Next(b)
		if err != nil || took != len(b) {
			t.Fatalf("%q: %v", b, err)
		}
		v, err := resp.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		key := v.List[1].Text
		if got := int(resp.Slot([]byte(key))); got != slot {
			t.Fatalf("%s is in slot %d, said to be in %d", key, got, slot)
		}
		per := map[string]int{"SET": 1, "HSET": 2, "RPUSH": 1, "ZADD": 2, "XADD": 3}[v.List[0].Text]
		elements[v.List[0].Text+" "+key] += (len(v.List) - 2) / per
	}
	counts := map[string]int{}
	for key, n := range elements {
		word, _, _ := strings.Cut(key, " ")
		counts[fmt.Sprint(word, n)]++
	}
	// 20 keys, and as many of the hot slot; SET: strings with an expiry of two
	// words, counters without.
	for what, want := range map[string]int{"SET3": 40, "SET1": 40, "HSET250": 40, "RPUSH250": 40, "ZADD250": 40, "XADD250": 40} {
		if counts[what] != want {
			t.Errorf("%d of %s, want %d: %v", counts[what], what, want, counts)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	s := made(t, parsed(t, everything), seed)
	buf := make([]byte, 0, 1<<20)
	i := int64(0)
	if allocs := testing.AllocsPerRun(5000, func() {
		buf, _ = s.Append(buf[:0], i, time.Duration(i))
		i++
	}); allocs != 0 {
		t.Errorf("%v allocations per request", allocs)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, mix := range []string{"{command: GET, weight: 1}", "{command: SET, weight: 1}", "{command: MGET, weight: 1}", "{command: HSET, weight: 1}"} {
		s := made(b, parsed(b, "  values: {size: 64}\n  mix: ["+mix+"]\n"), seed)
		b.Run(s.Names()[0], func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			i := int64(0)
			for b.Loop() {
				buf, _ = s.Append(buf[:0], i, 0)
				i++
			}
		})
	}
}
