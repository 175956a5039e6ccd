package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// The tools, by the names that the table gives them.
const (
	wire      = "wire"
	goRedis   = "go-redis"
	benchmark = "redis-benchmark"
	memtier   = "memtier"
)

// amount is how much one child is to do: the peers take a number of requests,
// slotstorm takes a time and says how many it did.
type amount struct {
	requests int
	length   time.Duration
}

// answer is what a tool says of one child's work. Times are in milliseconds.
type answer struct {
	requests int
	p50, p99 float64
}

// tool is one of the programs measured. One run of it is one child for every
// line of commands, one after the other.
type tool struct {
	name string
	// counted means that it takes a number of requests, which calibration finds.
	counted bool
	// fill writes every key that it will ask for.
	fill func(b benchCase, port, report string) []string
	// commands drive the case; report is a file for tools that write one.
	commands func(b benchCase, port, report string, a amount) [][]string
	// read understands what it printed, or wrote to the report.
	read func(stdout []byte, report string, a amount) (answer, error)
}

func tools(c config) []tool {
	list := []tool{slotstormTool(c.slotstorm, wire), slotstormTool(c.slotstorm, goRedis), benchmarkTool(c.redisBenchmark)}
	if c.memtier != "" {
		list = append(list, memtierTool(c.memtier))
	}
	return list
}

// slotstormTool is slotstorm load. Its key names are as long as those of the others
// against one server: 16 bytes.
func slotstormTool(path, client string) tool {
	line := func(client string, b benchCase, port string, rest ...string) []string {
		return append([]string{
			path, "load", "127.0.0.1:" + port, "--clients", itoa(b.connections), "--threads", "1", "--pipeline", itoa(b.pipeline),
			"--key-prefix", "slot:000000", "--key-maximum", keyLimit, "--data-size", valueSize, "--client", client, "--json",
		}, rest...)
	}
	return tool{
		name: client,
		fill: func(b benchCase, port, _ string) []string {
			b.connections, b.pipeline = 1, 16
			return line(wire, b, port, "--ratio", "1:0", "--key-pattern", "S:S", "--requests", itoa(2*keys))
		},
		commands: func(b benchCase, port, _ string, a amount) [][]string {
			return [][]string{line(client, b, port, "--ratio", "1:1", "--test-time", a.length.String())}
		},
		read: func(stdout []byte, _ string, _ amount) (answer, error) { return readSlotstorm(stdout) },
	}
}

func readSlotstorm(stdout []byte) (answer, error) {
	var r struct {
		Rows []struct {
			Command string
			Counts  struct{ OK, Failed, Unknown, Overflow int }
			// Response times are what slotstorm's own table shows.
			Response struct{ P50Ms, P99Ms float64 }
		}
	}
	if err := json.Unmarshal(stdout, &r); err != nil {
		return answer{}, fmt.Errorf("reading its JSON: %w", err)
	}
	for _, row := range r.Rows {
		if row.Command != "all" {
			continue
		}
		if n := row.Counts; n.Failed+n.Unknown+n.Overflow > 0 {
			return answer{}, fmt.Errorf("of its requests %d failed, %d are unknown and %d overflowed", n.Failed, n.Unknown, n.Overflow)
		}
		return answer{row.Counts.OK, row.Response.P50Ms, row.Response.P99Ms}, nil
	}
	return answer{}, errors.New("its JSON has no row 'all'")
}

// benchmarkTool is redis-benchmark, which cannot mix: half of the children GET,
// half SET.
func benchmarkTool(path string) tool {
	line := func(b benchCase, port, test string, n int) []string {
		l := []string{
			path, "-h", "127.0.0.1", "-p", port, "-c", itoa(b.inAll()), "-P", itoa(b.pipeline),
			"-n", itoa(n), "-r", keyLimit, "-d", valueSize, "-t", test, "--csv",
		}
		if b.cluster {
			// Left alone it takes a thread for each node; there is one core.
			l = append(l, "--cluster", "--threads", "1")
		}
		return l
	}
	return tool{
		name: benchmark, counted: true,
		fill: func(b benchCase, port, _ string) []string {
			// It writes at random only, in a cluster to other keys on every
			// shard: after 8 rounds 1 key in 3000 is missing.
			n := 8 * keys
			if b.cluster {
				n *= shards
			}
			b.pipeline = 16
			return line(b, port, "set", n)
		},
		commands: func(b benchCase, port, _ string, a amount) [][]string {
			return [][]string{line(b, port, "get", a.requests), line(b, port, "set", a.requests)}
		},
		read: func(stdout []byte, _ string, a amount) (answer, error) { return readBenchmark(stdout, a) },
	}
}

func readBenchmark(stdout []byte, a amount) (answer, error) {
	// Before it, it lists the nodes of a cluster.
	start := bytes.Index(stdout, []byte(`"test"`))
	r := csv.NewReader(bytes.NewReader(stdout[max(start, 0):]))
	head, err := r.Read()
	if err != nil {
		return answer{}, fmt.Errorf("reading its CSV: %w", err)
	}
	row, err := r.Read()
	if err != nil {
		return answer{}, fmt.Errorf("reading its CSV: %w", err)
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		return answer{}, errors.New("its CSV has more than one row")
	}
	out := answer{requests: a.requests}
	for column, to := range map[string]*float64{"p50_latency_ms": &out.p50, "p99_latency_ms": &out.p99} {
		if *to, err = cell(head, row, column); err != nil {
			return answer{}, err
		}
	}
	return out, nil
}

func cell(head, row []string, column string) (float64, error) {
	for i, name := range head {
		if name == column {
			v, err := strconv.ParseFloat(row[i], 64)
			if err != nil {
				return 0, fmt.Errorf("column %s of its CSV: %w", column, err)
			}
			return v, nil
		}
	}
	return 0, fmt.Errorf("its CSV has no column %s", column)
}

// memtierTool is memtier_benchmark. Its clients would share one seed without
// --distinct-client-seed. Its own rates are not used: they are off by up to a second.
func memtierTool(path string) tool {
	line := func(b benchCase, port, report string, rest ...string) []string {
		l := []string{
			path, "--server", "127.0.0.1", "--port", port, "--threads", "1", "--clients", itoa(b.connections), "--pipeline", itoa(b.pipeline),
			"--data-size", valueSize, "--key-prefix", "memt:000000", "--key-minimum", "1", "--key-maximum", keyLimit,
			"--hide-histogram", "--json-out-file", report,
		}
		if b.cluster {
			l = append(l, "--cluster-mode")
		}
		return append(l, rest...)
	}
	return tool{
		name: memtier, counted: true,
		fill: func(b benchCase, port, report string) []string {
			b.connections, b.pipeline = 1, 16
			return line(b, port, report, "--ratio", "1:0", "--key-pattern", "P:P", "--requests", "allkeys")
		},
		commands: func(b benchCase, port, report string, a amount) [][]string {
			return [][]string{line(b, port, report, "--ratio", "1:1", "--key-pattern", "R:R",
				"--distinct-client-seed", "--randomize", "--requests", itoa(max(a.requests/b.connections, 1)))}
		},
		read: func(_ []byte, report string, _ amount) (answer, error) {
			text, err := os.ReadFile(report)
			if err != nil {
				return answer{}, fmt.Errorf("reading its report: %w", err)
			}
			return readMemtier(text)
		},
	}
}

func readMemtier(text []byte) (answer, error) {
	var r struct {
		All struct {
			Totals struct {
				Count       int
				Percentiles map[string]json.RawMessage `json:"Percentile Latencies"`
			}
		} `json:"ALL STATS"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return answer{}, fmt.Errorf("reading its JSON: %w", err)
	}
	out := answer{requests: r.All.Totals.Count}
	for name, to := range map[string]*float64{"p50.00": &out.p50, "p99.00": &out.p99} {
		if err := json.Unmarshal(r.All.Totals.Percentiles[name], to); err != nil {
			return answer{}, fmt.Errorf("reading %s of its JSON: %w", name, err)
		}
	}
	return out, nil
}
