package witness

import (
	"strconv"
	"strings"
)

// info is an answer of INFO: fields by name, without their sections.
type info map[string]string

// parseInfo reads INFO. Source: genRedisInfoString in Redis' server.c.
func parseInfo(text string) info {
	in := info{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
			in[name] = value
		}
	}
	return in
}

func (in info) number(name string) (int64, bool) {
	n, err := strconv.ParseInt(in[name], 10, 64)
	return n, err == nil
}

// primary reports whether the node said that it is one.
func (in info) primary() bool { return in["role"] == "master" }

// offset is how far the node's copy of the data is. A replica counts what it has
// applied.
func (in info) offset() (int64, bool) {
	if in.primary() {
		return in.number("master_repl_offset")
	}
	return in.number("slave_repl_offset")
}

// calls is a line of the section Commandstats.
type calls struct{ executed, rejected, failed int64 }

// ok counts the executions that did not end with an error.
func (c calls) ok() int64 { return c.executed - c.failed }

// commands are the calls by the names of commands, "config|get" for subcommands.
// rejected_calls and failed_calls came with Redis 6.2.
func (in info) commands() map[string]calls {
	list := map[string]calls{}
	for name, value := range in {
		command, ok := strings.CutPrefix(name, "cmdstat_")
		if !ok {
			continue
		}
		f := fields(value)
		list[command] = calls{executed: f["calls"], rejected: f["rejected_calls"], failed: f["failed_calls"]}
	}
	return list
}

// errors are the counts of error replies by their first words.
func (in info) errors() map[string]int64 {
	list := map[string]int64{}
	for name, value := range in {
		if class, ok := strings.CutPrefix(name, "errorstat_"); ok {
			list[class] = fields(value)["count"]
		}
	}
	return list
}

// fields reads "a=1,b=2"; what is no whole number is left out.
func fields(text string) map[string]int64 {
	list := map[string]int64{}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(pair, "=")
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			list[name] = n
		}
	}
	return list
}

// view is a line of CLUSTER NODES.
type view struct {
	id      string
	primary bool
	// owner is a replica's primary.
	owner string
	epoch int64
	slots []slotRange
}

// slotRange holds both its ends.
type slotRange struct{ first, last int }

// parseView reads CLUSTER NODES; what is no line of it is left out. Source: Redis'
// documentation of CLUSTER NODES.
func parseView(text string) []view {
	var list []view
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 8 || len(words[0]) != 40 {
			continue
		}
		v := view{id: words[0], owner: words[3], primary: strings.Contains(words[2], "master")}
		v.epoch, _ = strconv.ParseInt(words[6], 10, 64)
		for _, word := range words[8:] {
			if r, ok := parseRange(word); ok {
				v.slots = append(v.slots, r)
			}
		}
		list = append(list, v)
	}
	return list
}

// parseRange reads "0-5460" or "7"; a slot in migration, "[7-<-id]", is none.
func parseRange(word string) (slotRange, bool) {
	word, _, _ = strings.Cut(word, " ")
	from, to, many := strings.Cut(word, "-")
	if !many {
		to = from
	}
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	return slotRange{first, last}, err1 == nil && err2 == nil
}

// sections takes a file of nodes/ apart: what stands below each of its titles.
func sections(text string) map[string]string {
	titles := []string{"CLUSTER NODES", "CLUSTER INFO", "INFO"}
	list := map[string]string{}
	current := ""
	var b strings.Builder
	for line := range strings.Lines(text) {
		title, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if ok && len(titles) > 0 && title == titles[0] {
			if current != "" {
				list[current] = b.String()
			}
			current, titles = title, titles[1:]
			b.Reset()
			continue
		}
		b.WriteString(line)
	}
	if current != "" {
		list[current] = b.String()
	}
	return list
}
