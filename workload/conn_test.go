package workload

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// Replies that come in any pieces are read as those of their commands, and the
// first error among them is told.
func TestPipelineReadsRepliesInPieces(t *testing.T) {
	const depth = 1000
	replies := []byte(strings.Repeat("+OK\r\n:12\r\n$5\r\nhello\r\n*2\r\n:1\r\n:2\r\n", depth/4))
	for _, size := range []int{1, 7, 4096, len(replies)} {
		for _, wrong := range []string{"", "-MOVED 1 a:1\r\n"} {
			client, server := net.Pipe()
			c := &conn{c: client, timeout: 10 * time.Second, in: make([]byte, 64), parser: resp.NewParser(resp.DefaultLimits())}
			go func() {
				defer server.Close()
				if _, err := io.ReadFull(server, make([]byte, 3)); err != nil {
					return
				}
				all := bytes.NewReader(append(append([]byte(nil), wrong...), replies...))
				for all.Len() > 0 {
					if _, err := io.CopyN(server, all, int64(size)); err != nil {
						return
					}
				}
			}()
			n := depth
			if wrong != "" {
				n++
			}
			err := c.pipeline([]byte("ask"), n)
			if wrong == "" && err != nil || wrong != "" && !errors.Is(err, replyError("MOVED 1 a:1")) {
				t.Errorf("in pieces of %d: %v", size, err)
			}
			if err := c.pipeline([]byte("ask"), 1); err == nil {
				t.Error("a connection that has ended gave a reply")
			}
			client.Close()
		}
	}
}
