//go:build e2e && linux

package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/e2e/built"
)

// block is a fenced code block of shell commands in a Markdown file.
type block struct {
	info  string
	lines []string
}

func blocks(t *testing.T, path string) []block {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []block
	var open *block
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\n")
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open != nil:
			if open.info == "sh" || strings.HasPrefix(open.info, "sh ") {
				list = append(list, *open)
			}
			open = nil
		case fence:
			open = &block{info: info}
		case open != nil && strings.TrimSpace(line) != "":
			open.lines = append(open.lines, line)
		}
	}
	return list
}

// redis starts a redis-server that is no cluster, and gives its address.
func redis(t *testing.T) string {
	t.Helper()
	addr, _ := redisServer(t)
	return addr
}

// redisServer is redis, and gives its process too.
func redisServer(t *testing.T) (address string, pid int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
	})
	await(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return addr, cmd.Process.Pid
}

var makeTarget = regexp.MustCompile(`^make (\w+)`)

// TestDocumentedCommands runs every command that README.md and docs print in a
// block marked sh, in their order, one folder for each file. Blocks marked
// 'sh long' are run with SLOTSTORM_SOAK set, by 'make soak'; those marked 'sh
// server' find a Redis at 127.0.0.1:6379, in fact on a free port.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	files := []string{"../README.md"}
	for _, pattern := range []string{"../docs/*.md", "../docs/*/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, file := range files {
		list := blocks(t, file)
		for _, b := range list {
			commands += len(b.lines)
		}
		if len(list) == 0 {
			continue
		}
		t.Run(strings.TrimPrefix(file, "../"), func(t *testing.T) {
			t.Parallel()
			follow(t, list, string(makefile))
		})
	}
	if commands < 5 {
		t.Errorf("only %d documented commands were found", commands)
	}
}

// follow runs the commands of one page in a clone.
func follow(t *testing.T, list []block, makefile string) {
	t.Helper()
	s := newSandbox(t)
	examples, err := filepath.Abs("../examples")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(examples, filepath.Join(s.dir, "work", "examples")); err != nil {
		t.Fatal(err)
	}
	server := ""
	for _, b := range list {
		if b.info == "sh long" && os.Getenv("SLOTSTORM_SOAK") == "" {
			continue
		}
		if b.info == "sh server" && server == "" {
			server = redis(t)
		}
		for _, line := range b.lines {
			if server != "" {
				line = strings.ReplaceAll(line, "127.0.0.1:6379", server)
			}
			m := makeTarget.FindStringSubmatch(line)
			switch {
			case m == nil:
				s.bash(line)
			// CI runs these: a test that ran them would run itself.
			case !strings.Contains(makefile, "\n"+m[1]+":"):
				t.Errorf("%q, and the Makefile has no such target", line)
			}
		}
	}
}

// bash runs a line of a page. On a busy machine a run may end as invalid or miss an
// objective for response times, and a comparison may be inconclusive: the command as
// printed works all the same.
func (s *sandbox) bash(line string) {
	s.t.Helper()
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir = filepath.Join(s.dir, "work")
	cmd.Env = []string{"PATH=" + filepath.Dir(built.Slotstorm(s.t)) + ":" + s.path, "HOME=" + filepath.Join(s.dir, "home"), "TMPDIR=" + filepath.Join(s.dir, "tmp")}
	out, err := cmd.CombinedOutput()
	code := cmd.ProcessState.ExitCode()
	noisy := strings.Contains(line, " --against ") && code == 6
	loaded := strings.Contains(line, " run ") || strings.Contains(line, " load ")
	slower := code == 4 && strings.Contains(string(out), "objective missed: response.")
	if err != nil && !noisy && !slower && !(loaded && code == 5) {
		s.t.Errorf("%s: %v\n%s", line, err, out)
	}
}

// The tests that docs/security.md names exist.
func TestSecurityNamesTests(t *testing.T) {
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	err = filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		code.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(string(page), -1)
	if len(names) < 20 {
		t.Errorf("the page names %d tests", len(names))
	}
	for _, n := range names {
		if !strings.Contains(code.String(), "func "+n[1]+"(t *testing.T)") {
			t.Errorf("there is no test %s", n[1])
		}
	}
}
