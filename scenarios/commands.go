package scenarios

import "strings"

// ReadsOnly reports whether a command, in upper case, is one of those that slotstorm
// knows to write nothing. What it does not know counts as a write.
func ReadsOnly(command string) bool {
	switch command {
	case "GET", "MGET", "GETRANGE", "SUBSTR", "STRLEN", "LCS", "EXISTS", "TOUCH", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "TYPE", "DUMP", "OBJECT",
		"HGET", "HMGET", "HGETALL", "HKEYS", "HVALS", "HLEN", "HSTRLEN", "HEXISTS", "HRANDFIELD", "HSCAN", "HTTL", "HPTTL",
		"LRANGE", "LLEN", "LINDEX", "LPOS",
		"ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZRANK", "ZREVRANK", "ZSCORE", "ZMSCORE",
		"ZCARD", "ZCOUNT", "ZLEXCOUNT", "ZRANDMEMBER", "ZSCAN", "ZDIFF", "ZINTER", "ZUNION", "ZINTERCARD",
		"SMEMBERS", "SISMEMBER", "SMISMEMBER", "SCARD", "SRANDMEMBER", "SSCAN", "SDIFF", "SINTER", "SUNION", "SINTERCARD",
		"XRANGE", "XREVRANGE", "XLEN", "XREAD", "XPENDING", "XINFO",
		"BITCOUNT", "BITPOS", "GETBIT", "BITFIELD_RO", "PFCOUNT", "SORT_RO",
		"GEODIST", "GEOHASH", "GEOPOS", "GEOSEARCH", "GEORADIUS_RO", "GEORADIUSBYMEMBER_RO",
		"EVAL_RO", "EVALSHA_RO", "FCALL_RO", "SPUBLISH", "PUBLISH", "PUBSUB",
		"PING", "ECHO", "TIME", "DBSIZE", "INFO", "SCAN", "KEYS", "RANDOMKEY", "LASTSAVE", "COMMAND", "MEMORY", "SLOWLOG", "LATENCY":
		return true
	}
	return false
}

// reads reports whether the command only reads: whether it finds something is counted.
func (c Command) reads() bool {
	name := c.Command
	if name == "RAW" {
		name = Command{Command: name, Raw: c.Raw}.Label()
	}
	return ReadsOnly(name) && name != "SPUBLISH"
}

// Whole reports whether a command, in upper case, is one of those that slotstorm
// knows to act as a whole or not at all: an error reply of it says that nothing was
// executed. Scripts, functions, commands of modules and those that slotstorm does not
// know may have acted before they failed.
func Whole(command string) bool {
	if ReadsOnly(command) {
		return true
	}
	switch command {
	case "SET", "SETEX", "PSETEX", "SETNX", "SETRANGE", "MSET", "MSETNX", "APPEND", "GETSET", "GETDEL", "GETEX", "INCR", "INCRBY", "INCRBYFLOAT",
		"DECR", "DECRBY", "SETBIT", "BITOP", "BITFIELD", "PFADD", "PFMERGE",
		"DEL", "UNLINK", "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PERSIST", "RENAME", "RENAMENX", "COPY", "SORT", "RESTORE",
		"HSET", "HMSET", "HSETNX", "HINCRBY", "HINCRBYFLOAT", "HDEL", "HEXPIRE", "HPEXPIRE", "HPERSIST", "HGETDEL", "HGETEX", "HSETEX",
		"LPUSH", "RPUSH", "LPUSHX", "RPUSHX", "LPOP", "RPOP", "LSET", "LINSERT", "LREM", "LTRIM", "LMOVE", "RPOPLPUSH", "LMPOP",
		"ZADD", "ZINCRBY", "ZREM", "ZPOPMIN", "ZPOPMAX", "ZMPOP", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX",
		"ZRANGESTORE", "ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE",
		"SADD", "SREM", "SPOP", "SMOVE", "SUNIONSTORE", "SINTERSTORE", "SDIFFSTORE",
		"XADD", "XTRIM", "XDEL", "XACK", "XGROUP", "XCLAIM", "XAUTOCLAIM", "XREADGROUP", "XSETID",
		"GEOADD", "GEOSEARCHSTORE":
		return true
	}
	return false
}

// commandOf is the name of a template's command, in upper case.
func commandOf(args [][]Piece) string { return strings.ToUpper(args[0][0].Text) }
