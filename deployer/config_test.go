package deployer

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// TestAValueOfADirectiveBeginsNoLine has redis-server read values that are made to
// be more than a value, and asks it what it has read.
func TestAValueOfADirectiveBeginsNoLine(t *testing.T) {
	var all strings.Builder
	for c := 1; c < 256; c++ {
		all.WriteByte(byte(c))
	}
	for _, value := range []string{
		"plain", "a b", "it's", `say "x"`, `back\slash`, "#comment", "line\nmaxclients 77", "carriage\r\nmaxclients 77", "tab\tx", "nul-free " + all.String(), "ünï\u2028code",
	} {
		dir := t.TempDir()
		socket := filepath.Join(dir, "s")
		conf := "port 0\nsave \"\"\n" + Directive("unixsocket", socket) + Directive("dir", dir) + Directive("requirepass", value) +
			Directives(map[string]string{"syslog-ident": value})
		file := filepath.Join(dir, "redis.conf")
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		if passed := served(t, file, socket, value); !passed {
			t.Errorf("%q was read as something else:\n%s", value, conf)
		}
	}
}

// served starts a redis-server and reports whether it takes the password, and has
// nothing else from it.
func served(t *testing.T, conf, socket, password string) bool {
	t.Helper()
	cmd := exec.Command("redis-server", conf)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	defer func() { _ = cmd.Process.Kill(); <-done }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, Password: password})
	defer c.Close()
	for {
		got, err := c.ConfigGet(ctx, "*").Result()
		if err == nil {
			return got["requirepass"] == password && got["syslog-ident"] == password && got["maxclients"] != "77"
		}
		if strings.Contains(err.Error(), "WRONGPASS") {
			return false
		}
		select {
		case <-done:
			t.Log(out.String())
			return false
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestDirectivesOfSeveralWords stay words, unless one would begin a line.
func TestDirectivesOfSeveralWords(t *testing.T) {
	got := Directives(map[string]string{"save": "900 1\nport 1", "client-output-buffer-limit": "normal 0 0 0", "loadmodule": ""})
	want := "client-output-buffer-limit normal 0 0 0\nloadmodule \"\"\nsave \"900 1\\x0aport 1\"\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
