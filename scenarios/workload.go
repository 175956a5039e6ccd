package scenarios

import (
	"strings"
	"time"
)

// Workload is the load that runs through the whole timeline.
type Workload struct {
	// Profile names a ready-made shape of a hot path: what its keys, values
	// and mix leave out comes from there. See docs/profiles.md.
	Profile string `yaml:"profile,omitempty" json:"profile,omitempty" jsonschema:"enum=session-store,enum=cache-aside,enum=rate-limiter,enum=leaderboard,enum=cart,enum=feature-flags,enum=queue"`
	// Generators share one schedule; 1 to 64.
	Generators int    `yaml:"generators" json:"generators" jsonschema:"minimum=1,maximum=64"`
	Client     Client `yaml:"client" json:"client"`
	// Rate is requests per second over all generators (open loop), or "max"
	// (closed loop: as fast as MaxInFlight clients get answers).
	Rate Rate `yaml:"rate" json:"rate" jsonschema:"exclusiveMinimum=0,maximum=10000000" hint:"exclusiveMinimum=write requests per second, such as 2000, or max for a closed loop"`
	// Pattern changes the rate with time; without one it is constant.
	Pattern *Pattern `yaml:"pattern,omitempty" json:"pattern,omitempty"`
	// Arrival is "poisson" or "constant"; closed loop has none.
	Arrival string `yaml:"arrival,omitempty" json:"arrival,omitempty" jsonschema:"enum=poisson,enum=constant"`
	// Warmup is load before the timeline starts, in whole seconds; it is
	// recorded and never judged.
	Warmup Duration `yaml:"warmup" json:"warmup" jsonschema:"minimum=0s,maximum=1h,multipleOf=1s" hint:"multipleOf=the series is kept by the second"`
	// MaxInFlight bounds requests under way over all generators. In open loop
	// a request that finds no room is counted as overflow; in closed loop it is
	// the number of clients.
	MaxInFlight int `yaml:"maxInFlight" json:"maxInFlight" jsonschema:"minimum=1,maximum=100000"`
	// MaxSlip is how late the load generator may be, by the p99 of its slip and of
	// its other own delays, before the run is invalid; 1ms to 1s. Up to a tenth of
	// the p99 of response, and 100ms at most, it may be late in any case. What an
	// objective bounds has to be ten times as long if it is above the 10ms of the
	// default.
	MaxSlip Duration `yaml:"maxSlip" json:"maxSlip" jsonschema:"minimum=1ms,maximum=1s"`
	// Pipeline sends several requests at once, on one connection per shard.
	Pipeline *Pipeline `yaml:"pipeline,omitempty" json:"pipeline,omitempty"`
	Keys     Keys      `yaml:"keys,omitempty" json:"keys,omitzero"`
	// Spaces are several key spaces, which requests draw from by weight; they
	// stand in place of keys.
	Spaces []KeySpace `yaml:"spaces,omitempty" json:"spaces,omitempty" jsonschema:"maxItems=100"`
	Values Values     `yaml:"values" json:"values"`
	// Mix is what the requests are, by weight. Two entries of one command need
	// names.
	Mix []Command `yaml:"mix" json:"mix" jsonschema:"minItems=1,maxItems=100" hint:"minItems=leave mix out for four GET to one SET"`
	// Prefill writes keys before the warm-up.
	Prefill *Prefill `yaml:"prefill,omitempty" json:"prefill,omitempty"`
	Probe   Probe    `yaml:"probe" json:"probe"`
	// Audit adds writes of unique values whose fate is checked at the end.
	Audit *Audit `yaml:"audit,omitempty" json:"audit,omitempty"`
}

// KeySpaces are the key spaces that requests draw from: Spaces, or Keys alone.
func (w *Workload) KeySpaces() []KeySpace {
	if len(w.Spaces) > 0 {
		return w.Spaces
	}
	return []KeySpace{{Weight: 1, Keys: w.Keys}}
}

// Pattern is how the rate changes with time. Exactly one of its fields is set.
// Times count from the timeline's start; in the warm-up the rate is rate.
type Pattern struct {
	// Ramp changes the rate evenly.
	Ramp *Ramp `yaml:"ramp,omitempty" json:"ramp,omitempty"`
	// Steps change the rate at once, each at its time.
	Steps []RateStep `yaml:"steps,omitempty" json:"steps,omitempty" jsonschema:"minItems=1,maxItems=10000" hint:"minItems=write steps: [{at: 10s, rate: 5000}]"`
	// Bursts raise the rate for a while, again and again.
	Bursts *Bursts `yaml:"bursts,omitempty" json:"bursts,omitempty"`
	// Replay takes the intended starts from a file.
	Replay *Replay `yaml:"replay,omitempty" json:"replay,omitempty"`
}

// Ramp leads from the rate to another one, which then stays.
type Ramp struct {
	// From is where it begins, in requests per second; left out it is the rate.
	From *float64 `yaml:"from,omitempty" json:"from,omitempty" jsonschema:"minimum=0,maximum=10000000"`
	// To is where it ends, in requests per second.
	To float64 `yaml:"to" json:"to" jsonschema:"required,minimum=0,maximum=10000000"`
	// Over is how long it takes.
	Over Duration `yaml:"over" json:"over" jsonschema:"required,exclusiveMinimum=0s,maximum=24h"`
	// At is when it begins.
	At Duration `yaml:"at,omitempty" json:"at,omitempty" jsonschema:"minimum=0s,maximum=24h"`
}

// RateStep sets the rate from a time on.
type RateStep struct {
	// At is an offset from the timeline's start, after that of the step before.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s,maximum=24h"`
	// Rate is in requests per second; 0 is a pause.
	Rate float64 `yaml:"rate" json:"rate" jsonschema:"required,minimum=0,maximum=10000000"`
}

// Bursts are stretches of a higher rate: the first starts at the timeline's start
// plus Every.
type Bursts struct {
	// Rate is the rate in a burst, in requests per second.
	Rate float64 `yaml:"rate" json:"rate" jsonschema:"required,exclusiveMinimum=0,maximum=10000000"`
	// Length is how long a burst lasts, at least 1ms.
	Length Duration `yaml:"length" json:"length" jsonschema:"required,minimum=1ms,maximum=24h"`
	// Every is the distance between the starts of two bursts.
	Every Duration `yaml:"every" json:"every" jsonschema:"required,minimum=1ms,maximum=24h"`
}

// Replay names a file of intended starts.
type Replay struct {
	// File has one offset from the timeline's start a line, in seconds, in
	// order; each starts one request, or one pipeline. Its path is relative to the scenario's own file.
	File string `yaml:"file" json:"file" jsonschema:"required,minLength=1,maxLength=4096"`
}

// Client chooses the client library under the load.
type Client struct {
	// Type is "go-redis", what an application sees, or "wire", slotstorm's own
	// driver: for high rates, and never sending a write again that may have been
	// executed.
	Type string `yaml:"type" json:"type" jsonschema:"enum=go-redis,enum=wire"`
	// Profile is "default", the library's own options, or "tuned", options for
	// a cluster that fails over; those stated go before either.
	Profile string         `yaml:"profile" json:"profile" jsonschema:"enum=default,enum=tuned"`
	Options GoRedisOptions `yaml:"options,omitempty" json:"options"`
	// Wire are the options of wire; go-redis has Options.
	Wire WireOptions `yaml:"wire,omitempty" json:"wire,omitzero"`
	// Churn closes one connection after another, oldest first.
	Churn *Churn `yaml:"churn,omitempty" json:"churn,omitempty"`
	// Storm closes all connections at once.
	Storm *ReconnectStorm `yaml:"storm,omitempty" json:"storm,omitempty"`
}

// WireOptions are the options of slotstorm's own driver, for each generator.
type WireOptions struct {
	// Connections is how many there are to each primary; at least Cores.
	Connections int `yaml:"connections,omitempty" json:"connections,omitempty" jsonschema:"minimum=1,maximum=65535"`
	// Depth is how many requests may be under way on one connection at once.
	Depth int `yaml:"depth,omitempty" json:"depth,omitempty" jsonschema:"minimum=1,maximum=4096"`
	// Clients is how many logical clients of a closed loop share the connections;
	// a request may then wait behind others' on its connection, and that is part
	// of its times. Left out, each place on each connection is a client.
	Clients int `yaml:"clients,omitempty" json:"clients,omitempty" jsonschema:"minimum=1,maximum=65535"`
	// ReadFrom is "primary" or "replica": reads go to replicas in turn, over as
	// many connections to each, and to the primary where no replica is connected.
	ReadFrom string `yaml:"readFrom,omitempty" json:"readFrom,omitempty" jsonschema:"enum=primary,enum=replica"`
	// Cores is how many event loops there are, each a thread of its own.
	Cores int `yaml:"cores,omitempty" json:"cores,omitempty" jsonschema:"minimum=1,maximum=64"`
	// Protocol is the RESP version, 2 or 3.
	Protocol int `yaml:"protocol,omitempty" json:"protocol,omitempty" jsonschema:"enum=2,enum=3"`
	// Timeout is how long a reply may take; then its connection is closed.
	Timeout Duration `yaml:"timeout,omitempty" json:"timeout,omitempty" jsonschema:"minimum=1ms,maximum=10m"`
	// Spin is how long before a request is due the loop stops sleeping and
	// watches the clock: punctuality for processor time.
	Spin Duration `yaml:"spin,omitempty" json:"spin,omitempty" jsonschema:"minimum=0s,maximum=1ms"`
}

// Churn is a steady loss of connections. They end in good order: replies under way
// still arrive, and the client connects anew.
type Churn struct {
	// Every is the distance between two closes, over all generators.
	Every Duration `yaml:"every" json:"every" jsonschema:"required,minimum=1ms,maximum=1h"`
}

// ReconnectStorm makes every connection be opened anew at the same moment.
type ReconnectStorm struct {
	// At is an offset from the timeline's start.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s,maximum=24h"`
	// Every repeats it at this distance; 0 is once.
	Every Duration `yaml:"every,omitempty" json:"every,omitempty" jsonschema:"minimum=0s,maximum=24h"`
}

// Pipeline is how many requests are sent at once. All of a pipeline are due at
// one moment, and the rate stays what it is: there are fewer such moments.
type Pipeline struct {
	// Depth is a fixed number of requests.
	Depth int `yaml:"depth,omitempty" json:"depth,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// Min is the least of a number that is drawn for each pipeline, uniformly.
	Min int `yaml:"min,omitempty" json:"min,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// Max is the greatest.
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

// Keys is the key space: Prefix followed by a number from 0 to Count-1.
type Keys struct {
	// Prefix starts every key. With a hash tag, as in {a}:, all keys fall into one slot.
	Prefix string `yaml:"prefix" json:"prefix" jsonschema:"maxLength=256"`
	// Count is 1 to 10⁹.
	Count int64 `yaml:"count" json:"count" jsonschema:"minimum=1,maximum=1000000000"`
	// Distribution is "uniform", "zipfian" (key 0 is the hottest), "hotset"
	// (see hot), "gaussian" (around the middle key), "sequential" (one after
	// the other, again and again) or "latest" (the newest keys are hottest:
	// writes take the next key in turn, reads a zipfian rank back from it).
	Distribution string `yaml:"distribution" json:"distribution" jsonschema:"enum=uniform,enum=zipfian,enum=hotset,enum=gaussian,enum=sequential,enum=latest"`
	// Theta is the exponent of zipfian and latest, above 0 and at most 5.
	Theta float64 `yaml:"theta,omitempty" json:"theta,omitempty" jsonschema:"exclusiveMinimum=0,maximum=5"`
	// Scrambled spreads the hot keys of zipfian over the key space by a seeded
	// permutation.
	Scrambled bool `yaml:"scrambled,omitempty" json:"scrambled,omitempty"`
	// Hot is the hot set of hotset.
	Hot *HotSet `yaml:"hot,omitempty" json:"hot,omitempty"`
	// Sigma is the standard deviation of gaussian as a share of the key space,
	// above 0 and at most 1.
	Sigma float64 `yaml:"sigma,omitempty" json:"sigma,omitempty" jsonschema:"exclusiveMinimum=0,maximum=1"`
	// Tag is how many neighbouring keys share a hash tag, and so a slot; 0 is
	// none. Commands of several keys need it.
	Tag int64 `yaml:"tag,omitempty" json:"tag,omitempty" jsonschema:"minimum=0,maximum=1000000000"`
	// Slot sends a share of the requests to keys of one slot.
	Slot *HotSlot `yaml:"slot,omitempty" json:"slot,omitempty"`
	// Elements is how many fields a hash has, how many members a set or a
	// sorted set, and how long a list or stream that is filled before.
	Elements int `yaml:"elements" json:"elements" jsonschema:"minimum=1,maximum=1000000"`
}

// HotSet sends most requests to few keys, all of them alike.
type HotSet struct {
	// Requests is the share of requests to the hot keys, 0 to 1.
	Requests float64 `yaml:"requests" json:"requests" jsonschema:"required,minimum=0,maximum=1"`
	// Keys is the share of the keys that is hot, above 0 and below 1.
	Keys float64 `yaml:"keys" json:"keys" jsonschema:"required,exclusiveMinimum=0,maximum=1"`
	// Every moves the hot set on by its own size, this often; 0 is never.
	Every Duration `yaml:"every,omitempty" json:"every,omitempty" jsonschema:"minimum=0s,maximum=24h"`
}

// HotSlot draws requests to one slot. Their keys are named apart from the others,
// with a hash tag.
type HotSlot struct {
	// Slot is 0 to 16383.
	Slot int `yaml:"slot" json:"slot" jsonschema:"required,minimum=0,maximum=16383"`
	// Share is the share of requests that go there, above 0 to 1.
	Share float64 `yaml:"share" json:"share" jsonschema:"required,exclusiveMinimum=0,maximum=1"`
}

// KeySpace is one of several key spaces.
type KeySpace struct {
	// Weight is relative to the other weights, above 0.
	Weight float64 `yaml:"weight" json:"weight" jsonschema:"required,exclusiveMinimum=0,maximum=1000000"`
	Keys   Keys    `yaml:"keys" json:"keys"`
}

// Values shapes what is written. At most one of Size, Range, Sizes and LogNormal
// is set.
type Values struct {
	// Size is in bytes, 1 to 512 MiB.
	Size int `yaml:"size,omitempty" json:"size,omitempty" jsonschema:"minimum=1,maximum=536870912" hint:"maximum=512 MiB is the most that Redis stores in one string"`
	// Range draws sizes uniformly.
	Range *SizeRange `yaml:"range,omitempty" json:"range,omitempty"`
	// Sizes draws one of several sizes by weight.
	Sizes []WeightedSize `yaml:"sizes,omitempty" json:"sizes,omitempty" jsonschema:"minItems=1,maxItems=1000" hint:"minItems=write sizes: [{size: 100, weight: 9}, {size: 10000, weight: 1}]"`
	// LogNormal draws sizes whose logarithm is normal: many small, few large.
	LogNormal *LogNormal `yaml:"logNormal,omitempty" json:"logNormal,omitempty"`
	// Compressible is the share of a value that repeats one byte, 0 to 1; the
	// rest is random and does not compress.
	Compressible float64 `yaml:"compressible,omitempty" json:"compressible,omitempty" jsonschema:"minimum=0,maximum=1"`
	// TTL is the expiry that SET gives a key, in whole milliseconds; 0 is none.
	TTL Duration `yaml:"ttl,omitempty" json:"ttl,omitempty" jsonschema:"minimum=0s,multipleOf=1ms" hint:"multipleOf=Redis keeps expiries in milliseconds"`
}

// SizeRange is a range of sizes, both ends included.
type SizeRange struct {
	// Min is the least size in bytes.
	Min int `yaml:"min" json:"min" jsonschema:"required,minimum=0,maximum=536870912"`
	// Max is the greatest size in bytes.
	Max int `yaml:"max" json:"max" jsonschema:"required,minimum=1,maximum=536870912"`
}

// WeightedSize is one of several sizes.
type WeightedSize struct {
	// Size is in bytes.
	Size int `yaml:"size" json:"size" jsonschema:"required,minimum=0,maximum=536870912"`
	// Weight is relative to the other weights, above 0.
	Weight float64 `yaml:"weight" json:"weight" jsonschema:"required,exclusiveMinimum=0,maximum=1000000"`
}

// LogNormal is a log-normal distribution of sizes.
type LogNormal struct {
	// Median is in bytes: half of the values are smaller.
	Median float64 `yaml:"median" json:"median" jsonschema:"required,minimum=1,maximum=536870912"`
	// Sigma is the standard deviation of the size's natural logarithm, above 0
	// and at most 5.
	Sigma float64 `yaml:"sigma" json:"sigma" jsonschema:"required,exclusiveMinimum=0,maximum=5"`
	// Min is the size that smaller ones are raised to.
	Min int `yaml:"min,omitempty" json:"min,omitempty" jsonschema:"minimum=0,maximum=536870912"`
	// Max is the size that greater ones are cut to.
	Max int `yaml:"max" json:"max" jsonschema:"required,minimum=1,maximum=536870912"`
}

// Command is one entry of the command mix.
type Command struct {
	// Command is the name in upper case; RAW is any command, by its template,
	// MULTI a transaction.
	Command string `yaml:"command" json:"command" jsonschema:"required,enum=GET,enum=SET,enum=MGET,enum=MSET,enum=INCR,enum=DECR,enum=HSET,enum=HGET,enum=HGETALL,enum=LPUSH,enum=RPUSH,enum=LPOP,enum=RPOP,enum=LRANGE,enum=ZADD,enum=ZINCRBY,enum=ZRANGE,enum=SADD,enum=SISMEMBER,enum=EXPIRE,enum=DEL,enum=EVALSHA,enum=XADD,enum=SPUBLISH,enum=MULTI,enum=RAW"`
	// Weight is relative to the other weights, above 0.
	Weight float64 `yaml:"weight" json:"weight" jsonschema:"required,exclusiveMinimum=0,maximum=1000000"`
	// Name is how reports call it; left out it is the command, and for RAW the
	// template's first word.
	Name string `yaml:"name,omitempty" json:"name,omitempty" jsonschema:"format=commandName"`
	// Keys is how many keys MGET and MSET take, and EVALSHA's script.
	Keys int `yaml:"keys,omitempty" json:"keys,omitempty" jsonschema:"minimum=1,maximum=1000"`
	// Count is how many elements LRANGE and ZRANGE read, and LPUSH and RPUSH
	// add; 0 is 10 to read and 1 to add.
	Count int `yaml:"count,omitempty" json:"count,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// NX lets SET write only keys that are not there.
	NX bool `yaml:"nx,omitempty" json:"nx,omitempty"`
	// TTL is the expiry of SET, in place of that of the values, and of EXPIRE.
	TTL Duration `yaml:"ttl,omitempty" json:"ttl,omitempty" jsonschema:"minimum=1ms,multipleOf=1ms" hint:"multipleOf=Redis keeps expiries in milliseconds"`
	// MaxLen is about how long XADD lets a stream grow; 0 is 1000.
	MaxLen int `yaml:"maxLen,omitempty" json:"maxLen,omitempty" jsonschema:"minimum=1,maximum=1000000000"`
	// Type is the type of the keys that EXPIRE and DEL take. Keys of different
	// types have different names.
	Type string `yaml:"type,omitempty" json:"type,omitempty" jsonschema:"enum=string,enum=counter,enum=hash,enum=list,enum=zset,enum=set,enum=stream,enum=other"`
	// Script is the Lua source of EVALSHA.
	Script string `yaml:"script,omitempty" json:"script,omitempty" jsonschema:"maxLength=100000" text:"lines"`
	// Args are templates of the arguments behind the script's keys.
	Args []string `yaml:"args,omitempty" json:"args,omitempty" jsonschema:"maxItems=100"`
	// Raw is the template of a command, such as SETRANGE {key} 0 {value}. Its
	// placeholders are {key}, {key:TYPE}, {value}, {index} (of the request),
	// {element} (0 to elements-1), {random} (0 to 999999) and {random:N} (0 to
	// N-1).
	Raw string `yaml:"raw,omitempty" json:"raw,omitempty" jsonschema:"maxLength=10000"`
	// Commands are the templates of a transaction. All take one key's number.
	Commands []string `yaml:"commands,omitempty" json:"commands,omitempty" jsonschema:"maxItems=100"`
	// Wait awaits replicas behind a write, on the same connection.
	Wait *Wait `yaml:"wait,omitempty" json:"wait,omitempty"`
}

// Label is how reports call the entry: its Name, or its command.
func (c Command) Label() string {
	switch {
	case c.Name != "":
		return c.Name
	case c.Command == "RAW":
		word, _, _ := strings.Cut(strings.TrimSpace(c.Raw), " ")
		return strings.ToUpper(word)
	}
	return c.Command
}

// Commands are the values of Command.Command.
var Commands = []string{
	"GET", "SET", "MGET", "MSET", "INCR", "DECR", "HSET", "HGET", "HGETALL", "LPUSH", "RPUSH", "LPOP", "RPOP", "LRANGE",
	"ZADD", "ZINCRBY", "ZRANGE", "SADD", "SISMEMBER", "EXPIRE", "DEL", "EVALSHA", "XADD", "SPUBLISH", "MULTI", "RAW",
}

// KeyTypes are the values of Command.Type.
var KeyTypes = []string{"string", "counter", "hash", "list", "zset", "set", "stream", "other"}

// Wait is WAIT, or WAITAOF where Local is set. A write that too few replicas
// acknowledged in time is unknown, not ok: class unreplicated.
type Wait struct {
	// Replicas is how many must have the write, 0 to 5.
	Replicas int `yaml:"replicas" json:"replicas" jsonschema:"required,minimum=0,maximum=5"`
	// Local is 1 to await the primary's own append-only file too; WAITAOF
	// needs Redis 7.2.
	Local int `yaml:"local,omitempty" json:"local,omitempty" jsonschema:"minimum=0,maximum=1"`
	// Timeout is how long at most, in whole milliseconds.
	Timeout Duration `yaml:"timeout" json:"timeout" jsonschema:"required,minimum=1ms,maximum=1h,multipleOf=1ms" hint:"multipleOf=Redis takes milliseconds"`
}

// Prefill writes keys of every type that the mix uses, before the warm-up.
type Prefill struct {
	// Keys is how many of each key space: a number or a share, such as 100%.
	Keys Amount `yaml:"keys" json:"keys" jsonschema:"required"`
}

// Probe writes to every node of every shard at an interval, and so sees from
// outside any client library when a shard accepts writes.
type Probe struct {
	// Interval is 1ms to 1s. Each node is also asked for its view of the cluster,
	// not more often than that, than every 20ms, and than 300 times a second over
	// all nodes.
	Interval Duration `yaml:"interval" json:"interval" jsonschema:"minimum=1ms,maximum=1s"`
	// Timeout bounds one probe, 10ms to 10s.
	Timeout Duration `yaml:"timeout" json:"timeout" jsonschema:"minimum=10ms,maximum=10s"`
}

// Audit writes unique values to keys of its own, through a client that never
// re-sends, reads them while it goes, and reads all of them back after healing.
type Audit struct {
	// Rate is audited writes per second over all shards.
	Rate float64 `yaml:"rate" json:"rate" jsonschema:"required,exclusiveMinimum=0,maximum=100000"`
	// Kinds of keys that the writes take in turn: "once" (each key is written
	// once), "register" (SET, again and again), "counter" (INCR) and "list"
	// (RPUSH of unique elements).
	Kinds []string `yaml:"kinds" json:"kinds" jsonschema:"minItems=1,maxItems=4" hint:"minItems=leave kinds out for all four of them"`
	// Reads is audited reads of registers per second, by turns from whoever
	// serves the shard and from one of its replicas; 0 is none.
	Reads float64 `yaml:"reads" json:"reads" jsonschema:"minimum=0,maximum=100000"`
	// Wait awaits replicas behind each audited write, on the same connection. A
	// write that too few acknowledged in time is unknown.
	Wait *Wait `yaml:"wait,omitempty" json:"wait,omitempty"`
}

// AuditKinds are the values of Audit.Kinds.
var AuditKinds = []string{"once", "register", "counter", "list"}

// usualSlip is the slip that is allowed unless the scenario says otherwise.
const usualSlip = Duration(10 * time.Millisecond)
