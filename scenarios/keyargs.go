package scenarios

import (
	"slices"
	"strconv"
	"strings"
)

// KeyArgs are the arguments of a command that are its keys, in the order in which they
// stand: Redis Cluster routes by their slot. Channels of sharded publishing count as
// keys. Without a key any node can execute the command. A command that slotstorm does
// not know has its keys where the template has placeholders of keys, else in its first
// argument. Source: the key specifications in the output of COMMAND DOCS and COMMAND
// INFO of Redis 8.
func KeyArgs(args [][]Piece) []int {
	name := commandOf(args)
	find, known := keyed[name]
	switch {
	case known:
	case keyless(name):
		return nil
	case ReadsOnly(name) || Whole(name):
		find = span{1, 1, 1}.of
	default:
		if drawn := drawnKeys(args); len(drawn) > 0 {
			return drawn
		}
		find = span{1, 1, 1}.of
	}
	return find(args)
}

// drawnKeys are the arguments that have a placeholder of a key.
func drawnKeys(args [][]Piece) []int {
	var list []int
	for i, a := range args {
		if slices.ContainsFunc(a, func(p Piece) bool { return p.Kind == KeyPiece }) {
			list = append(list, i)
		}
	}
	return list
}

// wordAt is an argument in upper case, if it is literal.
func wordAt(args [][]Piece, i int) string {
	if i < len(args) && len(args[i]) == 1 && args[i][0].Kind == Literal {
		return strings.ToUpper(args[i][0].Text)
	}
	return ""
}

// span is where keys stand side by side: from the argument first to last, which counts
// from the end if below 0, each step arguments.
type span struct{ first, last, step int }

func (s span) of(args [][]Piece) []int {
	last := s.last
	if last < 0 {
		last += len(args)
	}
	var list []int
	for i := s.first; i <= min(last, len(args)-1); i += s.step {
		list = append(list, i)
	}
	return list
}

// counted are keys behind their number, which is an argument; before them may stand
// one that is always a key.
type counted struct{ number, step, before int }

func (c counted) of(args [][]Piece) []int {
	var list []int
	if c.before > 0 && c.before < len(args) {
		list = append(list, c.before)
	}
	n, err := strconv.Atoi(wordAt(args, c.number))
	if err != nil {
		for _, i := range drawnKeys(args) {
			if i > c.number {
				list = append(list, i)
			}
		}
		return list
	}
	return append(list, span{c.number + 1, c.number + n*c.step, c.step}.of(args)...)
}

// under is a key as the second argument, for some first ones; without any, for all but
// HELP.
func under(subcommands ...string) func([][]Piece) []int {
	return func(args [][]Piece) []int {
		word := wordAt(args, 1)
		if word == "HELP" || len(subcommands) > 0 && !slices.Contains(subcommands, word) {
			return nil
		}
		return span{2, 2, 1}.of(args)
	}
}

// streams are the first half of what follows the word STREAMS, which stands at an
// argument or behind it.
func streams(from int) func([][]Piece) []int {
	return func(args [][]Piece) []int {
		for i := from; i < len(args); i++ {
			if wordAt(args, i) == "STREAMS" {
				return span{i + 1, i + (len(args)-i-1)/2, 1}.of(args)
			}
		}
		return nil
	}
}

// migrated are the third argument or, if that is empty, those behind the word KEYS.
func migrated(args [][]Piece) []int {
	if len(args) > 3 && (len(args[3]) != 1 || args[3][0] != (Piece{})) {
		return []int{3}
	}
	for i := range args {
		if wordAt(args, i) == "KEYS" {
			return span{i + 1, -1, 1}.of(args)
		}
	}
	return nil
}

// stored are the first argument and the one behind one of some words.
func stored(words ...string) func([][]Piece) []int {
	return func(args [][]Piece) []int {
		list := span{1, 1, 1}.of(args)
		for i := 2; i < len(args)-1; i++ {
			if slices.Contains(words, wordAt(args, i)) {
				list = append(list, i+1)
			}
		}
		return list
	}
}

// keyed finds the keys of the commands that do not have a single one as their first
// argument.
var keyed = keyedCommands()

func keyedCommands() map[string]func([][]Piece) []int {
	m := map[string]func([][]Piece) []int{
		"OBJECT": under(), "XINFO": under(), "XGROUP": under(), "MEMORY": under("USAGE"), "DEBUG": under("OBJECT"),
		"XREAD": streams(1), "XREADGROUP": streams(4), "MIGRATE": migrated,
		"SORT": stored("STORE"), "GEORADIUS": stored("STORE", "STOREDIST"), "GEORADIUSBYMEMBER": stored("STORE", "STOREDIST"),
	}
	for names, find := range map[string]func([][]Piece) []int{
		"MGET DEL UNLINK EXISTS TOUCH SINTER SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE PFCOUNT PFMERGE": span{1, -1, 1}.of,
		"MSET MSETNX": span{1, -1, 2}.of,
		"RENAME RENAMENX COPY SMOVE LMOVE BLMOVE RPOPLPUSH BRPOPLPUSH LCS GEOSEARCHSTORE ZRANGESTORE": span{1, 2, 1}.of,
		"BLPOP BRPOP BZPOPMIN BZPOPMAX JSON.MGET":                                                     span{1, -2, 1}.of,
		"JSON.MSET": span{1, -1, 3}.of,
		"BITOP":     span{2, -1, 1}.of,
		"ZUNION ZINTER ZDIFF ZINTERCARD SINTERCARD LMPOP ZMPOP": counted{number: 1, step: 1}.of,
		"MSETEX": counted{number: 1, step: 2}.of,
		"BLMPOP BZMPOP EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO": counted{number: 2, step: 1}.of,
		"ZUNIONSTORE ZINTERSTORE ZDIFFSTORE":                           counted{number: 2, step: 1, before: 1}.of,
	} {
		for name := range strings.FieldsSeq(names) {
			m[name] = find
		}
	}
	return m
}

// keyless reports whether a command, in upper case, has no key. So have the searches of
// an index, which the node that gets them carries out on all nodes.
func keyless(command string) bool {
	switch command {
	case "PING", "ECHO", "TIME", "DBSIZE", "INFO", "SCAN", "KEYS", "RANDOMKEY", "LASTSAVE", "COMMAND", "SLOWLOG", "LATENCY",
		"PUBLISH", "PUBSUB", "SCRIPT", "FUNCTION", "CONFIG", "ACL", "MODULE", "ROLE", "LOLWUT", "CLUSTER", "CLIENT",
		"FLUSHALL", "FLUSHDB", "SWAPDB", "SAVE", "BGSAVE", "BGREWRITEAOF", "WAIT", "WAITAOF", "MULTI", "EXEC":
		return true
	}
	return strings.HasPrefix(command, "FT.") && !strings.HasPrefix(command, "FT.SUG")
}
