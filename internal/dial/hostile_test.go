//go:build linux

package dial_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/internal/dial"
)

// hostileReplies are what a server sends in place of each reply: a start, and
// something that it repeats until the client hangs up.
var hostileReplies = map[string][2]string{
	"a string of 2 GiB":                {"$2147483647\r\n", "a"},
	"a string of 2^62":                 {"$4611686018427387904\r\n", "a"},
	"an error of 2 GiB":                {"!2147483647\r\n", "a"},
	"a verbatim string of 2 GiB":       {"=2147483647\r\n", "a"},
	"an array of 2^31":                 {"*2147483647\r\n", ":1\r\n"},
	"a map of 2^31":                    {"%2147483647\r\n", ":1\r\n"},
	"a push of 2^31":                   {">2147483647\r\n", ":1\r\n"},
	"attributes of 2^31":               {"|2147483647\r\n", ":1\r\n"},
	"attributes one after the other":   {"", "|0\r\n"},
	"arrays in arrays":                 {"", "*1\r\n"},
	"many large arrays in one":         {"*1000000\r\n", "*1000000\r\n"},
	"a line without end":               {"+", "aaaaaaaaaaaaaaaa"},
	"an error without end":             {"-ERR ", "aaaaaaaaaaaaaaaa"},
	"CLUSTER SLOTS of 10^6 ranges":     {"*1000000\r\n", "*3\r\n:0\r\n:1\r\n*3\r\n$9\r\n127.0.0.1\r\n:1\r\n$1\r\na\r\n"},
	"INFO of one endless line":         {"$2000000000\r\n", "redis_version:"},
	"CLUSTER NODES of 10^6 lines":      {"$150000000\r\n", "07c37dfeb235213a872192d90877d0cd55635b91 127.0.0.1:30004@31004 slave - 0 1 4 connected\n"},
	"MOVED to nowhere, without an end": {"-MOVED 1 " + strings.Repeat("x", 1<<20), "x"},
}

const hostileEnv = "SLOTSTORM_TEST_HOSTILE"

// go-redis allocates what a reply claims before it has come: a reply of a few bytes
// would end the process. Behind a Dialer each ends its connection. The clients run
// in a process that may take 1 GiB of memory.
func TestHostileRepliesToTheLibrary(t *testing.T) {
	if addr := os.Getenv(hostileEnv); addr != "" {
		askHostile(t, addr)
		return
	}
	for name, h := range hostileReplies {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHostileRepliesToTheLibrary$", "-test.timeout=2m")
			cmd.Env = append(os.Environ(), hostileEnv+"="+hostileServer(t, h[0], h[1]))
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %.2000s", err, text)
			}
		})
	}
}

func askHostile(t *testing.T, addr string) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, _, _ := strings.Cut(string(statm), " ")
	used, err := strconv.ParseUint(pages, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	// More than what the runtime, or the race detector, has reserved by now.
	space := used*uint64(os.Getpagesize()) + 1<<30
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: space, Max: space}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var d dial.Dialer
	for _, protocol := range []int{2, 3} {
		o := &redis.Options{Addr: addr, Protocol: protocol, MaxRetries: -1, DialerRetries: 1, DisableIdentity: true}
		d.Options(o)
		one := redis.NewClient(o)
		defer one.Close()
		if err := one.Do(ctx, "GET", "a").Err(); err == nil {
			t.Errorf("RESP%d: that was a reply", protocol)
		}
		c := &redis.ClusterOptions{Addrs: []string{addr}, Protocol: protocol, MaxRedirects: -1, MaxRetries: -1, DialerRetries: 1}
		d.ClusterOptions(c)
		many := redis.NewClusterClient(c)
		defer many.Close()
		if err := many.Get(ctx, "a").Err(); err == nil {
			t.Errorf("RESP%d, cluster: that was a reply", protocol)
		}
	}
}

// hostileServer answers whatever comes with the start, and with the rest until its
// client hangs up.
func hostileServer(t *testing.T, start, again string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	piece := bytes.Repeat([]byte(again), 1+(32<<10)/len(again))
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := c.Read(make([]byte, 4096)); err != nil {
					return
				}
				_, err := c.Write([]byte(start))
				for err == nil {
					_, err = c.Write(piece)
				}
			}()
		}
	}()
	return l.Addr().String()
}
