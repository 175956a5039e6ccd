package scenarios

import "reflect"

// Profiles are the names that workload.profile takes.
func Profiles() []string {
	field, _ := reflect.TypeFor[Workload]().FieldByName("Profile")
	return rulesOf(field).enum
}

// shape is what a profile fills in. docs/profiles.md says where each is from.
type shape struct {
	keys   Keys
	values Values
	mix    []Command
}

// shapeOf is the shape of a profile; of none it is the general default.
func shapeOf(profile string) shape {
	s := shape{
		keys:   Keys{Prefix: "key:", Count: 100_000, Distribution: "zipfian", Theta: 0.99, Elements: 10},
		values: Values{Size: 128},
		mix:    []Command{{Command: "GET", Weight: 80}, {Command: "SET", Weight: 20}},
	}
	switch profile {
	case "session-store":
		s.keys.Prefix, s.keys.Scrambled = "session:", true
		s.values = Values{Size: 1000}
		s.mix = []Command{{Command: "GET", Weight: 50}, {Command: "SET", Weight: 50, TTL: seconds(1800)}}
	case "cache-aside":
		s.keys.Prefix, s.keys.Count, s.keys.Scrambled = "cache:", 1_000_000, true
		s.values = Values{LogNormal: &LogNormal{Median: 170, Sigma: 1.3, Min: 1, Max: 1 << 20}}
		s.mix = []Command{{Command: "GET", Weight: 30}, {Command: "SET", Weight: 1, Name: "refill", NX: true, TTL: seconds(5)}}
	case "rate-limiter":
		s.keys.Prefix = "limit:"
		s.mix = []Command{{
			Command: "EVALSHA", Weight: 1, Name: "limit", Keys: new(1), Args: []string{"60000"},
			Script: "local n = redis.call('INCR', KEYS[1])\nif n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end\nreturn n",
		}}
	case "leaderboard":
		s.keys = Keys{Prefix: "board:", Count: 16, Distribution: "uniform", Elements: 10_000}
		s.mix = []Command{
			{Command: "ZINCRBY", Weight: 50},
			{Command: "RAW", Weight: 30, Name: "top", Raw: "ZREVRANGE {key:zset} 0 9 WITHSCORES"},
			{Command: "RAW", Weight: 20, Name: "rank", Raw: "ZREVRANK {key:zset} member:{element}"},
		}
	case "cart":
		s.keys.Prefix = "cart:"
		s.values = Values{Range: &SizeRange{Min: 50, Max: 200}}
		s.mix = []Command{
			{Command: "HGETALL", Weight: 40},
			{Command: "HSET", Weight: 40},
			{Command: "RAW", Weight: 10, Raw: "HDEL {key:hash} field:{element}"},
			{Command: "EXPIRE", Weight: 10, Type: "hash", TTL: seconds(7 * 24 * 3600)},
		}
	case "feature-flags":
		s.keys = Keys{Prefix: "flag:", Count: 200, Distribution: "uniform", Elements: 10}
		s.values = Values{Range: &SizeRange{Min: 1, Max: 64}}
		s.mix = []Command{{Command: "MGET", Weight: 999, Keys: new(20)}, {Command: "SET", Weight: 1}}
	case "queue":
		s.keys = Keys{Prefix: "queue:", Count: 32, Distribution: "uniform", Elements: 10}
		s.values = Values{Size: 256}
		s.mix = []Command{{Command: "LPUSH", Weight: 1}, {Command: "RPOP", Weight: 1}}
	}
	return s
}

// tuned are the options of the client profile of that name: the topology is
// looked at every second, and a dial of a dead node takes half a second, not the
// library's 5 s.
func tuned() GoRedisOptions {
	return GoRedisOptions{
		DialTimeout: milliseconds(500), ReadTimeout: milliseconds(500), WriteTimeout: milliseconds(500), PoolTimeout: seconds(1),
		MinRetryBackoff: milliseconds(8), MaxRetryBackoff: milliseconds(256), ClusterStateReloadInterval: seconds(1),
	}
}
