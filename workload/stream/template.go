package stream

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// templateOf writes an entry of the mix as the template of a command.
func templateOf(c *scenarios.Command, w *scenarios.Workload) string {
	switch c.Command {
	case "EXPIRE":
		return fmt.Sprintf("PEXPIRE %s %d", keyAt(typeName(c.Type), 0), c.TTL.Std().Milliseconds())
	case "RAW":
		return c.Raw
	}
	return c.Command + argumentsOf(c, w)
}

// argumentsOf are the arguments of a command, each with a space before it.
func argumentsOf(c *scenarios.Command, w *scenarios.Workload) string {
	switch c.Command {
	case "GET":
		return " {key}"
	case "SET":
		return " {key} {value}" + optionsOfSet(c, w)
	case "MGET":
		return neighbours("string", c.KeyCount(), "")
	case "MSET":
		return neighbours("string", c.KeyCount(), " {value}")
	case "INCR", "DECR":
		return " {key:counter}"
	case "HSET":
		return " {key:hash} field:{element} {value}"
	case "HGET":
		return " {key:hash} field:{element}"
	case "HGETALL":
		return " {key:hash}"
	case "LPUSH", "RPUSH":
		return " {key:list}" + strings.Repeat(" {value}", max(c.Count, 1))
	case "LPOP", "RPOP":
		return " {key:list}"
	case "LRANGE":
		return fmt.Sprintf(" {key:list} 0 %d", or(c.Count, 10)-1)
	case "ZADD", "ZINCRBY":
		return " {key:zset} {random} member:{element}"
	case "ZRANGE":
		return fmt.Sprintf(" {key:zset} 0 %d", or(c.Count, 10)-1)
	case "SADD", "SISMEMBER":
		return " {key:set} member:{element}"
	case "DEL":
		return " " + keyAt(typeName(c.Type), 0)
	case "EVALSHA":
		return fmt.Sprintf(" %s %d%s %s", shaOf(c.Script), c.KeyCount(), neighbours("other", c.KeyCount(), ""), strings.Join(c.Args, " "))
	case "XADD":
		return fmt.Sprintf(" {key:stream} MAXLEN ~ %d * value {value}", or(c.MaxLen, 1000))
	case "SPUBLISH":
		return " {key} {value}"
	}
	return ""
}

// or is n, or a default where n is 0.
func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func typeName(name string) string {
	if name == "" {
		return "string"
	}
	return name
}

// neighbours are the drawn key and its next n-1 neighbours, each followed by the
// same text.
func neighbours(typ string, n int, then string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" " + keyAt(typ, i) + then)
	}
	return b.String()
}

// keyAt is the placeholder of the n-th neighbour of the drawn key.
func keyAt(typ string, n int) string {
	if n == 0 {
		return "{key:" + typ + "}"
	}
	return fmt.Sprintf("{key:%s+%d}", typ, n)
}

func optionsOfSet(c *scenarios.Command, w *scenarios.Workload) string {
	ttl := c.TTL
	if ttl == 0 {
		ttl = w.Values.TTL
	}
	options := expiry(ttl.Std())
	if c.NX {
		options += " NX"
	}
	return options
}

// expiry is the option of SET; whole seconds are EX, as client libraries write it.
func expiry(ttl time.Duration) string {
	switch {
	case ttl == 0:
		return ""
	case ttl%time.Second == 0:
		return fmt.Sprintf(" EX %d", ttl/time.Second)
	}
	return fmt.Sprintf(" PX %d", ttl.Milliseconds())
}

// shaOf is the digest by which EVALSHA names a script.
func shaOf(script string) string {
	sum := sha1.Sum([]byte(script))
	return hex.EncodeToString(sum[:])
}
