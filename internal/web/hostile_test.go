package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
)

const night = "../../examples/nightly/runs"

// tooLarge is more than any file of a bundle may hold.
const tooLarge = 9 << 30

// archive is a folder with n real runs, by their ids.
func archive(t *testing.T, n int) (root string, ids []string) {
	t.Helper()
	root = t.TempDir()
	list, err := results.List(night)
	if err != nil || len(list) < n {
		t.Fatalf("%d runs: %v", len(list), err)
	}
	for _, e := range list[:n] {
		if err := os.CopyFS(filepath.Join(root, e.ID), os.DirFS(e.Dir)); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	return root, ids
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fetch is get with the headers, and with an end to its patience: a pipe that
// holds the server has to fail the test.
func fetch(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp, body.String()
}

func TestFilesOfBundlesRunNothing(t *testing.T) {
	root, ids := archive(t, 1)
	const script = "<script>fetch('/trend')</script>"
	for _, name := range []string{"report.html", "audit/linearizability-list.html", "plots/evil.js", "plots/evil.svg", "plots/evil.html", "plots/evil.png", "nodes/evil.js",
		"nodes/evil", "nodes/evil.mjs", "nodes/node-0.log", "audit/evil.js", "audit/evil.wasm", "evil.html", "evil.json", "evil.xml", "junit.xml", ".hidden.txt"} {
		write(t, script, root, ids[0], name)
	}
	web := site(t, New(Options{Root: root, Log: os.Stderr}))
	for name, want := range map[string]string{
		"": "text/html; charset=utf-8", "report.html": "text/html; charset=utf-8", "audit/linearizability-list.html": "text/html; charset=utf-8",
		"plots/evil.png": "image/png", "run.json": "application/json; charset=utf-8", "nodes/node-0.log": "text/plain; charset=utf-8",
		"junit.xml": "text/plain; charset=utf-8", "series.jsonl": "text/plain; charset=utf-8", "audit/ledger.jsonl": "text/plain; charset=utf-8",
		"latency.hlog": "text/plain; charset=utf-8", "scenario.yaml": "text/plain; charset=utf-8", "report.md": "text/plain; charset=utf-8", "SHA256SUMS": "text/plain; charset=utf-8",
		"plots/evil.js": "", "plots/evil.svg": "", "plots/evil.html": "", "nodes/evil.js": "", "nodes/evil": "", "nodes/evil.mjs": "", "audit/evil.js": "",
		"audit/evil.wasm": "", "evil.html": "", "evil.json": "", "evil.xml": "", ".hidden.txt": "", "nodes": "", "nodes/": "", "plots/%2e%2e/run.json": "",
	} {
		resp, body := fetch(t, web.URL+"/runs/"+ids[0]+"/"+name)
		if want == "" {
			if resp.StatusCode == 200 || strings.Contains(body, script) {
				t.Errorf("%s is served: %d as %q", name, resp.StatusCode, resp.Header.Get("Content-Type"))
			}
			continue
		}
		policy := resp.Header.Get("Content-Security-Policy")
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != want {
			t.Errorf("%s: %d as %q, want %q", name, resp.StatusCode, resp.Header.Get("Content-Type"), want)
		}
		if !strings.HasPrefix(policy, "sandbox; default-src 'none'") || strings.Contains(policy, "script") || strings.Contains(policy, "allow-") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", name, resp.Header)
		}
	}
	for path, script := range map[string]bool{"/": false, "/trend": false, "/runs/" + ids[0] + "/live": true} {
		resp, _ := fetch(t, web.URL+path)
		if policy := resp.Header.Get("Content-Security-Policy"); strings.Contains(policy, "script-src") != script || !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
	}
}

func TestOnlyRegularFilesAreServed(t *testing.T) {
	root, ids := archive(t, 1)
	dir := filepath.Join(root, ids[0])
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	outside := t.TempDir()
	write(t, "secret", outside, "secret.log")
	must(os.MkdirAll(filepath.Join(dir, "nodes"), 0o755))
	must(syscall.Mkfifo(filepath.Join(dir, "nodes/pipe.log"), 0o644))
	must(os.Symlink("/dev/zero", filepath.Join(dir, "nodes/zero.log")))
	must(os.Symlink("node-0.log", filepath.Join(dir, "nodes/inner.log")))
	write(t, "harmless", dir, "nodes/node-0.log")
	must(os.Symlink(filepath.Join(outside, "secret.log"), filepath.Join(dir, "nodes/secret.log")))
	must(os.Symlink(outside, filepath.Join(dir, "plots")))
	must(os.Symlink(outside, filepath.Join(root, "linked")))
	write(t, "", dir, "nodes/large.log")
	must(os.Truncate(filepath.Join(dir, "nodes/large.log"), tooLarge))
	l, err := net.Listen("unix", filepath.Join(dir, "nodes/socket.log"))
	must(err)
	defer l.Close()
	write(t, "secret", root, "secret.txt")
	web := site(t, New(Options{Root: root, Log: os.Stderr}))
	for _, path := range []string{ids[0] + "/nodes/pipe.log", ids[0] + "/nodes/zero.log", ids[0] + "/nodes/inner.log", ids[0] + "/nodes/secret.log", ids[0] + "/nodes/large.log",
		ids[0] + "/nodes/socket.log", ids[0] + "/plots/secret.png", "linked/run.json", "linked/", "linked/live", "..%2f/run.json", "%2e%2e/run.json", "%2e/run.json", "secret.txt/run.json",
		url.PathEscape("a/../"+ids[0]) + "/run.json", ids[0] + "%00/run.json"} {
		resp, body := fetch(t, web.URL+"/runs/"+path)
		if resp.StatusCode < 400 && resp.StatusCode >= 200 && resp.StatusCode != 307 && resp.StatusCode != 301 || strings.Contains(body, "secret\n") || body == "secret" {
			t.Errorf("%s: %d %.80q", path, resp.StatusCode, body)
		}
	}
}

// damaged are ways in which a bundle can be bad, each of a run that can be read
// as far as the list does.
func damaged(t *testing.T, root string, ids []string) map[string]string {
	t.Helper()
	why := map[string]string{}
	for i, damage := range []struct {
		why string
		do  func(dir string) error
	}{
		{"neither follows", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, results.SeriesFile)), syscall.Mkfifo(filepath.Join(dir, results.SeriesFile), 0o644))
		}},
		{"neither follows", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, results.LedgerFile)), os.Symlink("/dev/zero", filepath.Join(dir, results.LedgerFile)))
		}},
		{"can have", func(dir string) error { return os.Truncate(filepath.Join(dir, results.EventsFile), tooLarge) }},
		{"changed", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, results.SeriesFile), []byte("{\"seq\":-1}\n{\"seq\":2000000000}\n"), 0o644)
		}},
		{"scenario", func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, results.ScenarioFile), []byte("kind: Nothing\n"), 0o644), results.Seal(dir))
		}},
	} {
		if err := damage.do(filepath.Join(root, ids[i])); err != nil {
			t.Fatal(err)
		}
		why[ids[i]] = damage.why
	}
	return why
}

// TestCopiesAreNamedAndLeftOut: a copy of a run is not another run.
func TestCopiesAreNamedAndLeftOut(t *testing.T) {
	root, ids := archive(t, 3)
	if err := os.CopyFS(filepath.Join(root, "zz-copy"), os.DirFS(filepath.Join(root, ids[0]))); err != nil {
		t.Fatal(err)
	}
	web := site(t, New(Options{Root: root, Log: t.Output()}))
	resp, body := fetch(t, web.URL+"/trend")
	if resp.StatusCode != 200 || !strings.Contains(body, "are the same run") || !strings.Contains(body, "3 runs") {
		t.Errorf("%d: %.2000s", resp.StatusCode, body)
	}
}

func TestBadBundlesAreNamedAndLeftOut(t *testing.T) {
	root, ids := archive(t, 12)
	bad := damaged(t, root, ids)
	// These cannot be listed with their scenario.
	write(t, "{", root, "broken", results.RunFile)
	write(t, "<b>[1]</b>\x1b\u202e", root, "bro\nken\u202e<i>", results.RunFile)
	var log bytes.Buffer
	web := site(t, New(Options{Root: root, Log: &log}))
	for _, path := range []string{"/", "/trend", "/trend?scenario=nightly"} {
		resp, body := fetch(t, web.URL+path)
		if resp.StatusCode != 200 || !strings.Contains(body, "broken") || !strings.Contains(body, `bro\nken\u202e&lt;i&gt;`) || strings.ContainsAny(body, "\x1b\u202e") {
			t.Errorf("%s: %d %.400s", path, resp.StatusCode, body)
		}
		for id, why := range bad {
			at := strings.Index(body, id+": ")
			if path != "/" && (at < 0 || !strings.Contains(body[at:min(len(body), at+300)], why)) {
				t.Errorf("%s does not say of %s that %q", path, id, why)
			}
		}
	}
	first, second, good := ids[0], ids[1], ids[11]
	resp, body := fetch(t, web.URL+"/compare?a="+good+"&a="+first+"&b="+ids[10]+"&b="+second+"&b=none")
	if resp.StatusCode != 200 || !strings.Contains(body, first+" is left out") || !strings.Contains(body, second+" is left out") || !strings.Contains(body, "none is left out") {
		t.Errorf("the comparison: %d %.400s", resp.StatusCode, body)
	}
	resp, body = fetch(t, web.URL+"/compare?a="+first+"&b="+good)
	if resp.StatusCode != 400 || !strings.Contains(body, first+" is left out") {
		t.Errorf("a comparison without a side: %d %s", resp.StatusCode, body)
	}
	if log.Len() > 0 {
		t.Errorf("a bundle is no fault of the program: %s", log.String())
	}
}

// stream is all that is sent of a run, to the end.
func streamed(t *testing.T, root, id string) string {
	t.Helper()
	resp, body := fetch(t, site(t, New(Options{Root: root, Log: os.Stderr})).URL+"/runs/"+url.PathEscape(id)+"/stream")
	if resp.StatusCode != 200 || !strings.Contains(body, "event: end") {
		t.Errorf("%d %.200s", resp.StatusCode, body)
	}
	return body
}

func TestABadBundleIsNotFollowed(t *testing.T) {
	for name, c := range map[string]struct{ file, text, lost string }{
		"a pipe":        {results.EventsFile, "", "neither follows"},
		"far seconds":   {results.SeriesFile, "{\"seq\":2000000000}\n", "second"},
		"farther apart": {results.SeriesFile, "{\"seq\":0}\n{\"seq\":90000}\n", "second"},
		"not JSON":      {results.SeriesFile, "\x1b\u202e\n", "series.jsonl"},
		"a large file":  {results.HlogFile, "", "can have"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "bad")
			write(t, c.text, dir, c.file)
			path := filepath.Join(dir, c.file)
			switch name {
			case "a pipe":
				if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644)); err != nil {
					t.Fatal(err)
				}
			case "a large file":
				if err := os.Truncate(path, tooLarge); err != nil {
					t.Fatal(err)
				}
			}
			if body := streamed(t, root, "bad"); !strings.Contains(body, `"lost":"`) || !strings.Contains(body, c.lost) || strings.ContainsAny(body, "\x1b\u202e") {
				t.Errorf("%s", body)
			}
		})
	}
}

// A bundle that crashes its reader ends neither the server nor the run that it serves.
func TestAPanicEndsOneWatch(t *testing.T) {
	root := t.TempDir()
	writer := underWay(t, root)
	w := newWatch(writer.Dir())
	w.tally = tally{} // writing into its maps panics
	err := w.run(t.Context())
	var c *crash
	if !errors.As(err, &c) || len(c.stack) == 0 {
		t.Fatalf("%v", err)
	}
	if m, _, over := w.since(0, 0); !over || !strings.Contains(m.State.Lost, "nil map") {
		t.Errorf("%v %+v", over, m.State)
	}
}

func TestAPanicEndsOneView(t *testing.T) {
	var log bytes.Buffer
	s := New(Options{Root: t.TempDir(), Log: &log})
	views := s.guard(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			panic("run \x1b[31mX")
		}
	}))
	for range 3 {
		resp := httptest.NewRecorder()
		views.ServeHTTP(resp, httptest.NewRequest("GET", "http://127.0.0.1/bad", nil))
		if body := resp.Body.String(); resp.Code != 500 || !strings.Contains(body, `run \x1b[31mX`) || !strings.Contains(body, "/bad") {
			t.Errorf("%d %q", resp.Code, body)
		}
	}
	resp := httptest.NewRecorder()
	views.ServeHTTP(resp, httptest.NewRequest("GET", "http://127.0.0.1/good", nil))
	if resp.Code != 200 {
		t.Errorf("another view: %d", resp.Code)
	}
	if n := strings.Count(log.String(), `run \x1b[31mX`); n != 1 || !strings.Contains(log.String(), "hostile_test.go") {
		t.Errorf("logged %d times: %q", n, log.String())
	}
}

func TestADeskMakesOneAtATime(t *testing.T) {
	d := newDesk()
	var now, most, made atomic.Int32
	release := make(chan struct{})
	work := func(context.Context) (answer, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		made.Add(1)
		<-release
		return answer{status: 200}, nil
	}
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			if a, err := d.page(t.Context(), fmt.Sprint("page ", i%3), work); err != nil || a.status != 200 {
				t.Errorf("%v %v", a, err)
			}
		})
	}
	waiting := func() (n int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, o := range d.orders {
			n += o.waiting
		}
		return n
	}
	for waiting() < 60 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	all.Wait()
	if most.Load() != 1 || made.Load() != 3 || len(d.orders) != 0 {
		t.Errorf("%d at a time, %d made, %d left", most.Load(), made.Load(), len(d.orders))
	}
}

// TestADeskOutlivesWhatItMakes: readers that leave, panics and too many orders.
func TestADeskOutlivesWhatItMakes(t *testing.T) {
	d := newDesk()
	// The last reader that leaves ends the work.
	ctx, leave := context.WithCancel(t.Context())
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() { <-begun; leave() }()
	if _, err := d.page(ctx, "long", func(ctx context.Context) (answer, error) {
		close(begun)
		<-ctx.Done()
		close(ended)
		return answer{}, ctx.Err()
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-ended
	// A panic is an error, and the desk goes on.
	var c *crash
	if _, err := d.page(t.Context(), "bad", func(context.Context) (answer, error) { panic("over a bundle") }); !errors.As(err, &c) {
		t.Errorf("%v", err)
	}
	if a, err := d.page(t.Context(), "good", func(context.Context) (answer, error) { return answer{status: 200}, nil }); err != nil || a.status != 200 {
		t.Errorf("%v %v", a, err)
	}
	for i := range maxOrders {
		d.orders[fmt.Sprint(i)] = &order{}
	}
	if _, err := d.page(t.Context(), "one more", nil); !errors.Is(err, errBusy) {
		t.Errorf("%v", err)
	}
}

func TestAHeavyPageIsMadeOnceForAll(t *testing.T) {
	root, _ := archive(t, 6)
	s := New(Options{Root: root, Log: os.Stderr})
	web := site(t, s)
	s.pages.turn <- struct{}{} // another page is being made
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if resp, body := fetch(t, web.URL+"/trend"); resp.StatusCode != 200 || !strings.Contains(body, "nightly") {
				t.Errorf("%d", resp.StatusCode)
			}
		})
	}
	waiting := func() int {
		s.pages.mu.Lock()
		defer s.pages.mu.Unlock()
		if len(s.pages.orders) > 1 {
			t.Errorf("%d orders of one page", len(s.pages.orders))
		}
		for _, o := range s.pages.orders {
			return o.waiting
		}
		return 0
	}
	for waiting() < 50 {
		time.Sleep(time.Millisecond)
	}
	// The list does not wait for it.
	if resp, _ := fetch(t, web.URL+"/"); resp.StatusCode != 200 {
		t.Errorf("the list: %d", resp.StatusCode)
	}
	<-s.pages.turn
	all.Wait()
}

func TestOnlyKnownNamesAreAnswered(t *testing.T) {
	s := New(Options{Root: t.TempDir(), Hosts: []string{"Runs.example."}, Log: os.Stderr})
	for host, want := range map[string][2]bool{ // on loopback, elsewhere
		"localhost": {true, true}, "localhost:8380": {true, true}, "LOCALHOST.": {true, true}, "127.0.0.1:1": {true, true}, "[::1]:1": {true, true}, "[::1]": {true, true},
		"192.0.2.7:8380": {false, true}, "[2001:db8::1]:80": {false, true}, "runs.example:80": {true, true}, "RUNS.EXAMPLE": {true, true},
		"rebound.example": {}, "rebound.example:8380": {}, "localhost.rebound.example": {}, "127.0.0.1.rebound.example": {}, "": {}, "a b": {}, "runs.example.evil": {},
	} {
		for i, addr := range []string{"127.0.0.1", "0.0.0.0"} {
			h := s.guard(&net.TCPAddr{IP: net.ParseIP(addr)}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			req := httptest.NewRequest("GET", "/", nil)
			req.Host = host
			resp := httptest.NewRecorder()
			h.ServeHTTP(resp, req)
			if got := resp.Code == 200; got != want[i] {
				t.Errorf("%q at %s: %d", host, addr, resp.Code)
			}
		}
	}
	web := site(t, s)
	for _, c := range []struct {
		site, mode string
		want       int
	}{{"cross-site", "no-cors", 403}, {"same-site", "cors", 403}, {"cross-site", "navigate", 200}, {"same-origin", "cors", 200}, {"none", "navigate", 200}, {"", "", 200}} {
		if resp, _ := fetch(t, web.URL+"/", "Sec-Fetch-Site", c.site, "Sec-Fetch-Mode", c.mode); resp.StatusCode != c.want {
			t.Errorf("%+v: %d", c, resp.StatusCode)
		}
	}
	if resp, err := http.DefaultClient.Do(&http.Request{Method: "GET", URL: must(url.Parse(web.URL)), Body: http.NoBody, ContentLength: 0, Host: "rebound.example"}); err != nil || resp.StatusCode != 403 {
		t.Errorf("%v %v", resp, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A stream lasts longer than a page may take: each message has its own time.
func TestAStreamOutlivesTheTimeLimits(t *testing.T) {
	root := t.TempDir()
	w := underWay(t, root)
	s := New(Options{Root: root, Log: os.Stderr})
	l, err := Listen("0")
	if err != nil {
		t.Fatal(err)
	}
	server := s.server(l.Addr())
	if server.ReadHeaderTimeout == 0 || server.ReadTimeout == 0 || server.WriteTimeout == 0 || server.IdleTimeout == 0 || server.MaxHeaderBytes == 0 {
		t.Errorf("limits: %+v", server)
	}
	server.ReadTimeout, server.WriteTimeout = every/2, every/2
	go func() { _ = server.Serve(limit(l, 2)) }()
	defer func() { s.Close(); server.Close() }()
	resp, err := http.Get("http://" + l.Addr().String() + "/runs/" + filepath.Base(w.Dir()) + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	messages := 0
	for messages < 5 && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: message") {
			messages++
		}
	}
	if messages < 5 {
		t.Errorf("it ended after %d messages: %v", messages, lines.Err())
	}
}

func TestStreamsAreBoundedAndForgotten(t *testing.T) {
	root := t.TempDir()
	w := underWay(t, root)
	s := New(Options{Root: root, Log: os.Stderr})
	web := site(t, s)
	stream := web.URL + "/runs/" + filepath.Base(w.Dir()) + "/stream"
	for range maxStreams {
		s.streams <- struct{}{}
	}
	if resp, body := fetch(t, stream); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	<-s.streams
	ctx, leave := context.WithCancel(t.Context())
	req := must(http.NewRequestWithContext(ctx, "GET", stream, nil))
	resp := must(http.DefaultClient.Do(req))
	if _, err := resp.Body.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	followed := func() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.watches) }
	if followed() != 1 {
		t.Errorf("%d runs are followed", followed())
	}
	leave()
	resp.Body.Close()
	for followed() > 0 {
		time.Sleep(time.Millisecond)
	}
	// The one that is shown stays.
	s.Watch(w.Dir())
	_, gone := s.watch(w.Dir())
	gone()
	if followed() != 1 {
		t.Errorf("%d runs are followed", followed())
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	l, err := Listen("0")
	if err != nil {
		t.Fatal(err)
	}
	few := limit(l, 1)
	accepted := make(chan net.Conn, 2)
	go func() {
		for {
			c, err := few.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	a, b := must(net.Dial("tcp", l.Addr().String())), must(net.Dial("tcp", l.Addr().String()))
	defer a.Close()
	defer b.Close()
	one := <-accepted
	if len(few.(*limited).room) != 1 || len(accepted) != 0 {
		t.Error("there is room for a second one")
	}
	one.Close()
	one.Close() // makes room once
	two := <-accepted
	few.Close()
	if c, ok := <-accepted; ok {
		t.Errorf("accepted %v after the end", c)
	}
	two.Close()
}

func TestMetricsOfHostileBundles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x\"} 1\nforged{a=\"\u202e")
	write(t, "", dir, results.EventsFile)
	bad := "GET\",outcome=\"ok\"} 1\nforged_total{x=\"\x1b\u202e\\"
	frame := results.Frame{Commands: map[string]results.Counts{bad: {OK: 1}, "GET\x1b": {OK: 2}, `GET\x1b`: {OK: 3}}, Errors: map[string]int{bad: 1}, Probes: map[int]results.ProbeCount{-1: {OK: 1}}}
	for i := range 3 * maxLabels {
		frame.Errors[fmt.Sprint("class ", i)] = 1
	}
	line, err := json.Marshal(frame)
	if err != nil {
		t.Fatal(err)
	}
	event, err := json.Marshal(results.Event{Kind: results.EventFaultInject, Fault: bad, Node: bad, Message: bad})
	if err != nil {
		t.Fatal(err)
	}
	write(t, string(line)+"\n", dir, results.SeriesFile)
	write(t, string(event)+"\n", dir, results.EventsFile)
	s := New(Options{Root: filepath.Dir(dir), Log: os.Stderr})
	s.current = newWatch(dir)
	s.current.look(results.Follow(dir))
	resp, text := fetch(t, site(t, s).URL+"/metrics")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%d %v in\n%.2000s", resp.StatusCode, err, text)
	}
	for name, f := range families {
		if strings.HasPrefix(name, "forged") || len(f.Metric) > 4*maxLabels {
			t.Errorf("%s has %d samples", name, len(f.Metric))
		}
	}
	if strings.Join(strings.Split(printable.Text(text), "\n"), "\n") != text || !strings.Contains(text, `command="GET\\x1b",outcome="ok"} 5`) {
		t.Errorf("%.3000s", text)
	}
	s.current.mu.Lock()
	s.current.over = true
	s.current.mu.Unlock()
	if m, _, _ := s.current.since(0, 0); len(m.Notes) != 1 || printable.Line(m.Notes[0].Text) != m.Notes[0].Text || printable.Line(m.State.ID) != m.State.ID || printable.Line(m.State.Bands[0].Name) != m.State.Bands[0].Name {
		t.Errorf("%+v", m)
	}
}
