package scenarios

import (
	"strings"
	"time"
)

// Workload is the load, from the warm-up to the end of the timeline.
type Workload struct {
	// A ready-made load: it fills in the keys, values and mix that the scenario does
	// not state. docs/profiles.md describes each.
	Profile string `yaml:"profile,omitempty" json:"profile,omitempty" jsonschema:"enum=session-store,enum=cache-aside,enum=rate-limiter,enum=leaderboard,enum=cart,enum=feature-flags,enum=queue"`
	// The number of load generators, 1 to 64. They share one schedule.
	Generators int `yaml:"generators" json:"generators" jsonschema:"minimum=1,maximum=64"`
	// The client library under the load.
	Client Client `yaml:"client" json:"client"`
	// Requests per second over all generators (open loop), or max (closed loop:
	// maxInFlight clients, each of which sends the next request when it has a reply).
	Rate Rate `yaml:"rate" json:"rate" jsonschema:"exclusiveMinimum=0,maximum=10000000" hint:"exclusiveMinimum=write requests per second, such as 2000, or max for a closed loop"`
	// Changes the rate over time. Default: the rate is constant.
	Pattern *Pattern `yaml:"pattern,omitempty" json:"pattern,omitempty"`
	// poisson: independent users. constant: even distances. A closed loop has no
	// arrivals.
	Arrival string `yaml:"arrival,omitempty" json:"arrival,omitempty" jsonschema:"enum=poisson,enum=constant"`
	// Load before the timeline, in whole seconds. It is recorded and not judged.
	Warmup Duration `yaml:"warmup" json:"warmup" jsonschema:"minimum=0s,maximum=1h,multipleOf=1s" hint:"multipleOf=the series is kept by the second"`
	// The most requests under way at once, over all generators. In an open loop, a
	// request above that is counted as overflow; in a closed loop this is the number
	// of clients. A closed loop of the client wire has wire.clients instead.
	MaxInFlight int `yaml:"maxInFlight,omitempty" json:"maxInFlight,omitempty" jsonschema:"minimum=1,maximum=100000"`
	// How late the load generator may be (the p99 of its slip and of its other
	// delays) before the run is invalid; 1ms to 1s. A tenth of the p99 of response is
	// allowed in any case, up to 100ms. Above 10ms, objectives cannot bound times
	// shorter than ten times this.
	MaxSlip Duration `yaml:"maxSlip" json:"maxSlip" jsonschema:"minimum=1ms,maximum=1s"`
	// Sends several requests at once, on one connection for each shard.
	Pipeline *Pipeline `yaml:"pipeline,omitempty" json:"pipeline,omitempty"`
	// The keys that the requests use.
	Keys Keys `yaml:"keys,omitempty" json:"keys,omitzero"`
	// Several key spaces, from which requests draw by weight. They replace keys.
	Spaces []KeySpace `yaml:"spaces,omitempty" json:"spaces,omitempty" jsonschema:"maxItems=100"`
	// The values that are written.
	Values Values `yaml:"values" json:"values"`
	// The commands, by weight. Two entries of the same command need names.
	Mix []Command `yaml:"mix" json:"mix" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave mix out for four GET to one SET"`
	// Writes keys before the warm-up. Default: none.
	Prefill *Prefill `yaml:"prefill,omitempty" json:"prefill,omitempty"`
	// The probes that see when each shard accepts writes.
	Probe Probe `yaml:"probe" json:"probe"`
	// Writes unique values beside the load, and checks at the end which were lost.
	// Default: no audit.
	Audit *Audit `yaml:"audit,omitempty" json:"audit,omitempty"`
}

// KeySpaces are the key spaces that requests draw from: Spaces, or Keys alone.
func (w *Workload) KeySpaces() []KeySpace {
	if len(w.Spaces) > 0 {
		return w.Spaces
	}
	return []KeySpace{{Weight: 1, Keys: w.Keys}}
}

// Pattern is how the rate changes over time, by exactly one of its fields. Times
// count from the start of the timeline; during the warm-up the rate is workload.rate.
type Pattern struct {
	// Changes the rate evenly.
	Ramp *Ramp `yaml:"ramp,omitempty" json:"ramp,omitempty"`
	// Change the rate at once, each at its own time.
	Steps []RateStep `yaml:"steps,omitempty" json:"steps,omitempty" jsonschema:"minItems=1,maxItems=10000" hint:"minItems=write steps: [{at: 10s, rate: 5000}]"`
	// Raise the rate for a short time, at regular distances.
	Bursts *Bursts `yaml:"bursts,omitempty" json:"bursts,omitempty"`
	// Takes the times of the requests from a file.
	Replay *Replay `yaml:"replay,omitempty" json:"replay,omitempty"`
}

// Peak is the highest rate of an open loop, in requests per second; 0 of a closed loop.
// Of a replay it is workload.rate.
func (w *Workload) Peak() float64 {
	most := w.Rate.PerSecond
	if w.Pattern == nil {
		return most
	}
	if r := w.Pattern.Ramp; r != nil {
		most = max(most, r.To)
		if r.From != nil {
			most = max(most, *r.From)
		}
	}
	for _, s := range w.Pattern.Steps {
		most = max(most, s.Rate)
	}
	if b := w.Pattern.Bursts; b != nil {
		most = max(most, b.Rate)
	}
	return most
}

// Ramp changes the rate evenly from one value to another, which then stays.
type Ramp struct {
	// The first rate, in requests per second. Default: workload.rate.
	From *float64 `yaml:"from,omitempty" json:"from,omitempty" jsonschema:"minimum=0,maximum=10000000"`
	// The last rate, in requests per second. It stays until the end.
	To float64 `yaml:"to" json:"to" jsonschema:"required,minimum=0,maximum=10000000"`
	// The time from the first rate to the last.
	Over Duration `yaml:"over" json:"over" jsonschema:"required,exclusiveMinimum=0s,maximum=24h"`
	// The start of the ramp, from the start of the timeline. Default: 0s.
	At Duration `yaml:"at,omitempty" json:"at,omitempty" jsonschema:"minimum=0s,maximum=24h"`
}

// RateStep sets the rate from a point in time.
type RateStep struct {
	// The time from the start of the timeline, later than that of the step before.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s,maximum=24h"`
	// Requests per second; 0 is a pause.
	Rate float64 `yaml:"rate" json:"rate" jsonschema:"required,minimum=0,maximum=10000000"`
}

// Bursts are stretches of a higher rate. The first begins one distance (every) after
// the start of the timeline.
type Bursts struct {
	// Requests per second in a burst.
	Rate float64 `yaml:"rate" json:"rate" jsonschema:"required,exclusiveMinimum=0,maximum=10000000"`
	// The length of a burst, at least 1ms.
	Length Duration `yaml:"length" json:"length" jsonschema:"required,minimum=1ms,maximum=24h"`
	// The time from the start of one burst to the start of the next.
	Every Duration `yaml:"every" json:"every" jsonschema:"required,minimum=1ms,maximum=24h"`
}

// Replay takes the times of the requests from a file.
type Replay struct {
	// One time per line, in seconds from the start of the timeline, in order. Each
	// starts one request, or one pipeline. The path is relative to the scenario's
	// file.
	File string `yaml:"file" json:"file" jsonschema:"required,minLength=1,maxLength=4096"`
}

// Client is the client library under the load.
type Client struct {
	// go-redis: the library that an application would use. wire: slotstorm's own
	// client, for high rates; it never sends a write again that may have been
	// executed.
	Type string `yaml:"type" json:"type" jsonschema:"enum=go-redis,enum=wire"`
	// default: the library's own options. tuned: options for a cluster that fails
	// over. An option that is stated takes precedence.
	Profile string `yaml:"profile" json:"profile" jsonschema:"enum=default,enum=tuned"`
	// Options of go-redis, by their own names.
	Options GoRedisOptions `yaml:"options,omitempty" json:"options"`
	// Options of wire.
	Wire WireOptions `yaml:"wire,omitempty" json:"wire,omitzero"`
	// Closes one connection after another, the oldest first.
	Churn *Churn `yaml:"churn,omitempty" json:"churn,omitempty"`
	// Closes all connections at once.
	Storm *ReconnectStorm `yaml:"storm,omitempty" json:"storm,omitempty"`
}

// ReadsReplicas reports whether the options let replicas answer reads.
func (c Client) ReadsReplicas() bool {
	o := c.Options
	return c.Wire.ReadFrom == "replica" || o.ReadOnly || o.RouteByLatency || o.RouteRandomly
}

// WireOptions are the options of slotstorm's own client, for each generator.
type WireOptions struct {
	// Connections to each primary; at least cores.
	Connections int `yaml:"connections,omitempty" json:"connections,omitempty" jsonschema:"minimum=1,maximum=65535"`
	// The most requests under way on one connection.
	Depth int `yaml:"depth,omitempty" json:"depth,omitempty" jsonschema:"minimum=1,maximum=4096"`
	// The logical clients of a closed loop that share the connections. A request may
	// wait behind those of others on its connection, and that is part of its times.
	// Default: one client for each place on each connection.
	Clients int `yaml:"clients,omitempty" json:"clients,omitempty" jsonschema:"minimum=1,maximum=65535"`
	// primary, or replica: reads go to the replicas in turn, over as many connections
	// to each, and to the primary while no replica is connected.
	ReadFrom string `yaml:"readFrom,omitempty" json:"readFrom,omitempty" jsonschema:"enum=primary,enum=replica"`
	// Event loops, each on a thread of its own.
	Cores int `yaml:"cores,omitempty" json:"cores,omitempty" jsonschema:"minimum=1,maximum=64"`
	// The version of RESP, 2 or 3.
	Protocol int `yaml:"protocol,omitempty" json:"protocol,omitempty" jsonschema:"enum=2,enum=3"`
	// The longest wait for a reply. After that the connection is closed.
	Timeout Duration `yaml:"timeout,omitempty" json:"timeout,omitempty" jsonschema:"minimum=1ms,maximum=10m"`
	// The time before a request at which the event loop stops sleeping and watches
	// the clock. It costs processor time and makes requests more punctual.
	Spin Duration `yaml:"spin,omitempty" json:"spin,omitempty" jsonschema:"minimum=0s,maximum=1ms"`
}

// Churn closes connections one by one, in good order: replies under way still arrive,
// and the client connects again: wire at once, go-redis when it next needs the connection.
type Churn struct {
	// The time between two closes, over all generators.
	Every Duration `yaml:"every" json:"every" jsonschema:"required,minimum=1ms,maximum=1h"`
}

// ReconnectStorm makes the client open every connection again: wire all at the same moment,
// go-redis each when it next needs it.
type ReconnectStorm struct {
	// The time from the start of the timeline.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s,maximum=24h"`
	// The time between two storms; 0 means that there is only one.
	Every Duration `yaml:"every,omitempty" json:"every,omitempty" jsonschema:"minimum=0s,maximum=24h"`
}

// bySockets reports whether the connections of the load bound its requests under way: in a
// closed loop of the client wire.
func (w *Workload) bySockets() bool { return w.Rate.Max && w.Client.Type == "wire" }

// Pipeline is the number of requests that are sent at once. All of them are due at
// the same moment. The rate stays the same: there are fewer such moments.
type Pipeline struct {
	// A fixed number of requests.
	Depth int `yaml:"depth,omitempty" json:"depth,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// The smallest number, if the number is drawn for each pipeline.
	Min int `yaml:"min,omitempty" json:"min,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// The largest number, if the number is drawn for each pipeline.
	Max int `yaml:"max,omitempty" json:"max,omitempty" jsonschema:"minimum=1,maximum=10000"`
}

// Range is the least and the greatest number of requests in a pipeline; 1 and 1
// where p is nil.
func (p *Pipeline) Range() (least, most int) {
	switch {
	case p == nil:
		return 1, 1
	case p.Depth > 0:
		return p.Depth, p.Depth
	}
	return p.Min, p.Max
}

// Keys are the keys of the load: each is the prefix, followed by a number from 0 to
// count-1.
type Keys struct {
	// The start of every key. With a hash tag, as in {a}:, all keys are in one slot.
	Prefix string `yaml:"prefix" json:"prefix" jsonschema:"maxLength=256"`
	// The number of keys, 1 to 10¹².
	Count int64 `yaml:"count" json:"count" jsonschema:"minimum=1,maximum=1000000000000"`
	// uniform: all keys with the same probability. zipfian: key 0 is the hottest. hotset: see hot.
	// gaussian: around the middle key. sequential: one after the other, again and
	// again. latest: the newest keys are the hottest. The newest key moves on at the
	// rate that is expected of writes; writes go to it, so some keys get several and
	// others none, and reads go a zipfian rank back from it.
	Distribution string `yaml:"distribution" json:"distribution" jsonschema:"enum=uniform,enum=zipfian,enum=hotset,enum=gaussian,enum=sequential,enum=latest"`
	// The exponent of zipfian and latest, above 0 up to 5.
	Theta float64 `yaml:"theta,omitempty" json:"theta,omitempty" jsonschema:"exclusiveMinimum=0,maximum=5"`
	// Spreads the hot keys of zipfian over all keys, by a seeded permutation.
	Scrambled bool `yaml:"scrambled,omitempty" json:"scrambled,omitempty"`
	// The hot keys of hotset.
	Hot *HotSet `yaml:"hot,omitempty" json:"hot,omitempty"`
	// The standard deviation of gaussian, as a share of the keys, above 0 up to 1.
	Sigma float64 `yaml:"sigma,omitempty" json:"sigma,omitempty" jsonschema:"exclusiveMinimum=0,maximum=1"`
	// The number of neighbouring keys that share a hash tag, and so a slot; 0 is
	// none. Commands with several keys need it.
	Tag int64 `yaml:"tag,omitempty" json:"tag,omitempty" jsonschema:"minimum=0,maximum=1000000000000"`
	// Sends a share of the requests to keys of one slot.
	Slot *HotSlot `yaml:"slot,omitempty" json:"slot,omitempty"`
	// The number of fields of a hash, of members of a set or a sorted set, and the
	// length of a list or stream that prefill writes.
	Elements int `yaml:"elements" json:"elements" jsonschema:"minimum=1,maximum=1000000"`
}

// HotSet sends most requests to few keys, evenly.
type HotSet struct {
	// The share of the requests that go to the hot keys, 0 to 1.
	Requests float64 `yaml:"requests" json:"requests" jsonschema:"required,minimum=0,maximum=1"`
	// The share of the keys that are hot, above 0 and below 1.
	Keys float64 `yaml:"keys" json:"keys" jsonschema:"required,exclusiveMinimum=0,maximum=1"`
	// The interval after which the next keys become the hot ones; 0 is never.
	Every Duration `yaml:"every,omitempty" json:"every,omitempty" jsonschema:"minimum=0s,maximum=24h"`
}

// HotSlot sends requests to one slot. Their keys have names of their own, with a hash
// tag.
type HotSlot struct {
	// The number of the slot, 0 to 16383.
	Slot int `yaml:"slot" json:"slot" jsonschema:"required,minimum=0,maximum=16383"`
	// The share of the requests that go there, above 0 up to 1.
	Share float64 `yaml:"share" json:"share" jsonschema:"required,exclusiveMinimum=0,maximum=1"`
}

// KeySpace is one of several key spaces.
type KeySpace struct {
	// Relative to the other weights; above 0.
	Weight float64 `yaml:"weight" json:"weight" jsonschema:"required,exclusiveMinimum=0,maximum=1000000"`
	// The keys of this space.
	Keys Keys `yaml:"keys" json:"keys"`
}

// Values are the values that are written. At most one of size, range, sizes and
// logNormal is stated.
type Values struct {
	// A fixed size in bytes, 1 to 512 MiB.
	Size int `yaml:"size,omitempty" json:"size,omitempty" jsonschema:"minimum=1,maximum=536870912" hint:"maximum=512 MiB is the most that Redis stores in one string"`
	// Sizes drawn evenly from a range.
	Range *SizeRange `yaml:"range,omitempty" json:"range,omitempty"`
	// Sizes drawn from a list, by weight.
	Sizes []WeightedSize `yaml:"sizes,omitempty" json:"sizes,omitempty" jsonschema:"minItems=1,maxItems=1000" hint:"minItems=write sizes: [{size: 100, weight: 9}, {size: 10000, weight: 1}]"`
	// Sizes whose logarithm is normal: many small ones, few large ones.
	LogNormal *LogNormal `yaml:"logNormal,omitempty" json:"logNormal,omitempty"`
	// The share of a value that repeats one byte, 0 to 1. The rest is random and does
	// not compress.
	Compressible float64 `yaml:"compressible,omitempty" json:"compressible,omitempty" jsonschema:"minimum=0,maximum=1"`
	// The expiry that SET gives a key, in whole milliseconds; 0 is none.
	TTL Duration `yaml:"ttl,omitempty" json:"ttl,omitempty" jsonschema:"minimum=0s,multipleOf=1ms" hint:"multipleOf=Redis keeps expiries in milliseconds"`
}

// SizeRange is a range of sizes, both ends included.
type SizeRange struct {
	// The smallest size in bytes.
	Min int `yaml:"min" json:"min" jsonschema:"required,minimum=0,maximum=536870912"`
	// The largest size in bytes.
	Max int `yaml:"max" json:"max" jsonschema:"required,minimum=1,maximum=536870912"`
}

// WeightedSize is one of several sizes.
type WeightedSize struct {
	// In bytes.
	Size int `yaml:"size" json:"size" jsonschema:"required,minimum=0,maximum=536870912"`
	// Relative to the other weights; above 0.
	Weight float64 `yaml:"weight" json:"weight" jsonschema:"required,exclusiveMinimum=0,maximum=1000000"`
}

// LogNormal is a log-normal distribution of sizes.
type LogNormal struct {
	// In bytes: half of the values are smaller.
	Median float64 `yaml:"median" json:"median" jsonschema:"required,minimum=1,maximum=536870912"`
	// The standard deviation of the size's natural logarithm, above 0 up to 5.
	Sigma float64 `yaml:"sigma" json:"sigma" jsonschema:"required,exclusiveMinimum=0,maximum=5"`
	// Smaller sizes are raised to this.
	Min int `yaml:"min,omitempty" json:"min,omitempty" jsonschema:"minimum=0,maximum=536870912"`
	// Larger sizes are cut to this.
	Max int `yaml:"max" json:"max" jsonschema:"required,minimum=1,maximum=536870912"`
}

// Command is one entry of the mix.
type Command struct {
	// The command in upper case. RAW is any command, by its template; MULTI is a
	// transaction.
	Command string `yaml:"command" json:"command" jsonschema:"required,enum=GET,enum=SET,enum=MGET,enum=MSET,enum=INCR,enum=DECR,enum=HSET,enum=HGET,enum=HGETALL,enum=LPUSH,enum=RPUSH,enum=LPOP,enum=RPOP,enum=LRANGE,enum=ZADD,enum=ZINCRBY,enum=ZRANGE,enum=SADD,enum=SISMEMBER,enum=EXPIRE,enum=DEL,enum=EVALSHA,enum=XADD,enum=SPUBLISH,enum=MULTI,enum=RAW"`
	// Relative to the other weights; above 0.
	Weight float64 `yaml:"weight" json:"weight" jsonschema:"required,exclusiveMinimum=0,maximum=1000000"`
	// The name in reports. Default: the command, and for RAW the first word of its
	// template.
	Name string `yaml:"name,omitempty" json:"name,omitempty" jsonschema:"format=commandName"`
	// The number of keys of MGET, MSET and the script of EVALSHA. A script with 0 keys
	// runs on any primary.
	Keys *int `yaml:"keys,omitempty" json:"keys,omitempty" jsonschema:"minimum=0,maximum=1000"`
	// The number of elements that LRANGE and ZRANGE read (default 10), and that LPUSH
	// and RPUSH add (default 1).
	Count int `yaml:"count,omitempty" json:"count,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// SET writes only keys that do not exist.
	NX bool `yaml:"nx,omitempty" json:"nx,omitempty"`
	// The expiry of EXPIRE, and of SET in place of values.ttl.
	TTL Duration `yaml:"ttl,omitempty" json:"ttl,omitempty" jsonschema:"minimum=1ms,multipleOf=1ms" hint:"multipleOf=Redis keeps expiries in milliseconds"`
	// The approximate length at which XADD trims a stream. Default: 1000.
	MaxLen int `yaml:"maxLen,omitempty" json:"maxLen,omitempty" jsonschema:"minimum=1,maximum=1000000000"`
	// The type of the keys of EXPIRE and DEL. Keys of different types have different
	// names.
	Type string `yaml:"type,omitempty" json:"type,omitempty" jsonschema:"enum=string,enum=counter,enum=hash,enum=list,enum=zset,enum=set,enum=stream,enum=other"`
	// The Lua source of EVALSHA.
	Script string `yaml:"script,omitempty" json:"script,omitempty" jsonschema:"maxLength=100000" text:"lines"`
	// Templates of the arguments after the script's keys.
	Args []string `yaml:"args,omitempty" json:"args,omitempty" jsonschema:"maxItems=100"`
	// The template of a command, such as SETRANGE {key} 0 {value}. Placeholders:
	// {key}, {key:TYPE}, {value}, {index} (of the request), {element} (0 to
	// elements-1), {random} (0 to 999999) and {random:N} (0 to N-1). Quoted text is
	// literal, and may hold spaces and braces.
	Raw string `yaml:"raw,omitempty" json:"raw,omitempty" jsonschema:"maxLength=10000"`
	// The templates of a transaction. All use keys of the same number.
	Commands []string `yaml:"commands,omitempty" json:"commands,omitempty" jsonschema:"maxItems=100"`
	// Waits for replicas after a write, on the same connection.
	Wait *Wait `yaml:"wait,omitempty" json:"wait,omitempty"`
}

// Label is how reports call the entry: its Name, or its command.
func (c Command) Label() string {
	switch {
	case c.Name != "":
		return c.Name
	case c.Command == "RAW":
		words := append(strings.Fields(c.Raw), "")
		return strings.ToUpper(strings.Trim(words[0], `"'`))
	}
	return c.Command
}

// KeyCount is Keys, 0 if that is not stated.
func (c Command) KeyCount() int {
	if c.Keys == nil {
		return 0
	}
	return *c.Keys
}

// Commands are the values of Command.Command.
var Commands = []string{
	"GET", "SET", "MGET", "MSET", "INCR", "DECR", "HSET", "HGET", "HGETALL", "LPUSH", "RPUSH", "LPOP", "RPOP", "LRANGE",
	"ZADD", "ZINCRBY", "ZRANGE", "SADD", "SISMEMBER", "EXPIRE", "DEL", "EVALSHA", "XADD", "SPUBLISH", "MULTI", "RAW",
}

// KeyTypes are the values of Command.Type.
var KeyTypes = []string{"string", "counter", "hash", "list", "zset", "set", "stream", "other"}

// Wait is WAIT, or WAITAOF if local is 1. A write that too few replicas acknowledged
// in time is unknown, not ok (class unreplicated).
type Wait struct {
	// The number of replicas that must have the write, 0 to 5.
	Replicas int `yaml:"replicas" json:"replicas" jsonschema:"required,minimum=0,maximum=5"`
	// 1 waits for the primary's own append-only file too. WAITAOF needs Redis 7.2.
	Local int `yaml:"local,omitempty" json:"local,omitempty" jsonschema:"minimum=0,maximum=1"`
	// The longest wait, in whole milliseconds.
	Timeout Duration `yaml:"timeout" json:"timeout" jsonschema:"required,minimum=1ms,maximum=1h,multipleOf=1ms" hint:"multipleOf=Redis takes milliseconds"`
}

// Prefill writes keys before the warm-up: those of every type that the mix uses, or those of a
// file.
type Prefill struct {
	// The number of keys of each key space to write: a number, or a share such as
	// 100%.
	Keys Amount `yaml:"keys,omitempty" json:"keys,omitzero" jsonschema:"oneof_required=keys"`
	// An RDB file whose keys the run begins with, such as dump.rdb. It is only read. A server
	// of this machine, redis.binary, reads a copy of it. Its keys and their expiries go to the
	// cluster by RESTORE. A relative name counts from the folder of the scenario.
	From string `yaml:"from,omitempty" json:"from,omitempty" jsonschema:"oneof_required=from,minLength=1"`
}

// Probe writes to every node of every shard at an interval. It sees, without any
// client library, when a shard accepts writes.
type Probe struct {
	// The time between two probes of a node, 1ms to 1s. Each node also reports its
	// view of the cluster: at this interval, or every 20ms, or at 300 reports per
	// second over all nodes, whichever is slower.
	Interval Duration `yaml:"interval" json:"interval" jsonschema:"minimum=1ms,maximum=1s"`
	// The longest wait for an answer to a probe, 10ms to 10s.
	Timeout Duration `yaml:"timeout" json:"timeout" jsonschema:"minimum=10ms,maximum=10s"`
}

// Audit writes unique values to keys of its own, through a client that never sends a
// write again, reads them during the run, and reads all of them back after healing.
type Audit struct {
	// Audited writes per second, over all shards.
	Rate float64 `yaml:"rate" json:"rate" jsonschema:"required,exclusiveMinimum=0,maximum=100000"`
	// The kinds of keys that the writes alternate between. once: each key is written
	// once. register: SET, again and again. counter: INCR. list: RPUSH of unique
	// elements.
	Kinds []string `yaml:"kinds" json:"kinds" jsonschema:"minItems=1,maxItems=4" hint:"minItems=leave kinds out for all four of them"`
	// Audited reads of registers per second, alternating between the node that serves
	// the shard and one of its replicas; 0 is none.
	Reads float64 `yaml:"reads" json:"reads" jsonschema:"minimum=0,maximum=100000"`
	// Waits for replicas after each audited write, on the same connection. A write
	// that too few replicas acknowledged in time is unknown.
	Wait *Wait `yaml:"wait,omitempty" json:"wait,omitempty"`
}

// AuditKinds are the values of Audit.Kinds.
var AuditKinds = []string{"once", "register", "counter", "list"}

// usualSlip is the slip that is allowed unless the scenario says otherwise.
const usualSlip = Duration(10 * time.Millisecond)
