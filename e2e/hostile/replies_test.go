//go:build e2e && linux

package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reply is what a hostile server sends in place of an answer.
type reply struct {
	name string
	// begin is sent once, then on again and again, if there is any, until the client
	// goes or floodLimit is reached.
	begin, on string
}

// wellFramed are replies that a client cannot distinguish from answers: it knows where each
// ends, and what is in it is the application's affair.
var wellFramed = map[string]bool{
	"answers that were not asked for": true, "pushes without end": true, "a float that is none": true, "a bulk with a wrong end": true,
}

// floodLimit bounds what a hostile server sends on one connection. It is far above
// what a client may keep.
const floodLimit = 1 << 30

// replies are the hostile ones.
func replies() []reply {
	return []reply{
		{"nothing", "", ""},
		{"an HTTP page", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", ""},
		{"noise", noise(4096), ""},
		{"a type that does not exist", "@3\r\n", ""},
		{"a text without end", "+", strings.Repeat("x", 4096)},
		{"an error without end", "-ERR ", strings.Repeat("x", 4096)},
		{"an error that a terminal obeys", "-ERR \x1b]0;owned\a\x1b[2J\u202e\u200b\xff\r\n", ""},
		{"an error with markup", "-ERR <script>alert(1)</script>![x](http://127.0.0.1:1/)\r\n", ""},
		{"a bulk of 2 GB that does not come", "$2147483647\r\n", ""},
		{"a bulk of 512 MB that comes", "$536870912\r\n", strings.Repeat("x", 1<<16)},
		{"a bulk beyond int64", "$99999999999999999999\r\n", ""},
		{"a bulk below nothing", "$-2\r\n", ""},
		{"a bulk with a wrong end", "$3\r\nabcdefg", ""},
		{"a bulk of parts without end", "$?\r\n", ";4\r\nabcd\r\n"},
		{"a list of 2 billion", "*2147483647\r\n", ""},
		{"a list of 2 billion that comes", "*2147483647\r\n", strings.Repeat(":1\r\n", 1024)},
		{"a list below nothing", "*-5\r\n", ""},
		{"lists in lists", "", strings.Repeat("*1\r\n", 1024)},
		{"a map of 2 billion", "%2147483647\r\n", strings.Repeat("+a\r\n:1\r\n", 512)},
		{"maps in maps", "", strings.Repeat("%1\r\n+a\r\n", 512)},
		{"a set of 2 billion", "~2147483647\r\n", strings.Repeat(":1\r\n", 1024)},
		{"attributes without end", "", strings.Repeat("|1\r\n+a\r\n+b\r\n", 512)},
		{"pushes without end", "", strings.Repeat(">2\r\n+message\r\n+x\r\n", 512)},
		{"a number without end", ":", strings.Repeat("9", 4096)},
		{"a number that is none", ":abc\r\n", ""},
		{"a float that is none", ",1e99999999\r\n", ""},
		{"a big number without end", "(", strings.Repeat("9", 4096)},
		{"a verbatim text that is too short", "=1\r\nx\r\n", ""},
		{"line ends without end", "", strings.Repeat("\r\n", 2048)},
		{"answers that were not asked for", "", strings.Repeat("+OK\r\n", 1024)},
		{"moved to nonsense", "-MOVED 99999 :::\r\n", ""},
		{"moved to itself, again and again", "-MOVED 0 127.0.0.1:0\r\n", ""},
		{"moved to a name that a terminal obeys", "-MOVED 0 \x1b[2Jhost:99999999\r\n", ""},
		{"asked elsewhere", "-ASK 16383 256.256.256.256:1\r\n", ""},
		{"loading", "-LOADING Redis is loading the dataset in memory\r\n", ""},
	}
}

// server answers hostile replies on loopback: from the first command on, or once
// the client has found what looks like a Redis.
func server(t *testing.T, r reply, fromTheFirst bool) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c, r, fromTheFirst)
		}
	}()
	return l.Addr().String()
}

func serve(c net.Conn, r reply, fromTheFirst bool) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(timeLimit)) // a connection that is closed needs none
	in := bufio.NewReader(c)
	for {
		words, err := request(in)
		if err != nil {
			return
		}
		answer, ok := manners(words)
		if fromTheFirst || !ok {
			flood(c, r)
			continue
		}
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
}

// manners are the answers of a Redis 7.2 without data to what clients ask first.
func manners(words []string) (string, bool) {
	switch strings.ToUpper(words[0]) {
	case "HELLO":
		return "*14\r\n+server\r\n+redis\r\n+version\r\n+7.2.0\r\n+proto\r\n:2\r\n+id\r\n:1\r\n+mode\r\n+standalone\r\n+role\r\n+master\r\n+modules\r\n*0\r\n", true
	case "CLIENT", "AUTH", "SELECT", "READONLY", "CONFIG":
		return "+OK\r\n", true
	case "PING":
		return "+PONG\r\n", true
	case "CLUSTER":
		return "-ERR This instance has cluster support disabled\r\n", true
	case "COMMAND":
		return "*0\r\n", true
	case "INFO":
		text := "# Server\r\nredis_version:7.2.0\r\nredis_mode:standalone\r\nrole:master\r\nloading:0\r\n"
		return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text), true
	}
	return "", false
}

// request reads one command, as clients write it.
func request(in *bufio.Reader) ([]string, error) {
	n, err := length(in, '*')
	if err != nil {
		return nil, err
	}
	var words []string
	for range n {
		size, err := length(in, '$')
		if err != nil {
			return nil, err
		}
		word := make([]byte, size+2)
		if _, err := io.ReadFull(in, word); err != nil {
			return nil, err
		}
		words = append(words, string(word[:size]))
	}
	if len(words) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return words, nil
}

func length(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, io.ErrUnexpectedEOF
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// flood sends a hostile reply until the client goes away.
func flood(c net.Conn, r reply) {
	sent, err := io.WriteString(c, r.begin)
	for r.on != "" && err == nil && sent < floodLimit {
		var n int
		n, err = io.WriteString(c, r.on)
		sent += n
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	for _, r := range replies() {
		for _, client := range []string{"wire", "go-redis"} {
			for _, first := range []bool{true, false} {
				name := client + "/to a request/" + r.name
				if first {
					name = client + "/to the first command/" + r.name
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					g := newGround(t)
					e := g.run("load", server(t, r, first), "--client", client, "--clients", "2", "--rate", "50", "--test-time", "1s")
					g.harmless(e)
					if e.code == 0 && !wellFramed[r.name] {
						t.Errorf("%v: not one good reply, and exit code 0\n%s", e.args, short(e.stdout))
					}
				})
			}
		}
	}
}
