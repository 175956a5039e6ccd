//go:build e2e && linux

package checks

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a headless Chromium with a profile of its own. It sends no requests of its
// own, and an error in its pages fails the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.NoSandbox, // root has no user namespace of its own in a container
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true), chromedp.UserDataDir(t.TempDir()))
	allocator, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("a script failed in line %d of %s: %s", e.ExceptionDetails.LineNumber+1, e.ExceptionDetails.URL, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			// A stream that ends with the server counts as an error too.
			if e.Entry.Level == log.EntryLevelError && !strings.HasSuffix(e.Entry.URL, "/stream") {
				t.Errorf("%s: %s", e.Entry.URL, e.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Hostname() != "127.0.0.1" {
				t.Errorf("a page asks for %s", e.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		_, err := cdp.Call(ctx, page, network.Enable, network.EnableParams{})
		return err
	}), chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		_, err := cdp.Call(ctx, page, log.Enable, cdp.Empty{})
		return err
	}))
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	get(t, ctx, chromedp.Steps(steps...))
}

// limit of a step: a run under way takes as long as its timeline, and some more.
const limit = 2 * time.Minute

// get runs a step in the page, and gives what it brings.
func get[T any](t *testing.T, ctx context.Context, step chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, limit+10*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, step)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// binary is the built slotstorm.
func binary(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../bin/slotstorm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: 'make e2e' builds it", err)
	}
	return path
}

// serve starts slotstorm's ui on a folder of runs, and returns its address.
func serve(t *testing.T, runs string) (cmd *exec.Cmd, address string) {
	t.Helper()
	cmd = exec.Command(binary(t), "ui", runs, "--listen", "0")
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it may have ended
	lines := bufio.NewReader(errs)
	for {
		line, err := lines.ReadString('\n')
		if address := regexp.MustCompile(`http://\S+/`).FindString(line); address != "" {
			go func() { _, _ = io.Copy(io.Discard, lines) }() // until the process ends
			return cmd, address
		}
		if err != nil {
			t.Fatalf("slotstorm printed no address: %v", err)
		}
	}
}

// page is what a page is checked for.
type page struct {
	Title    string
	Headings int
	// Wide is by how much it is wider than the window, in pixels.
	Wide int
	// Light is the background's lightness, 0 to 255.
	Light int
	// Empty are pictures without a size.
	Empty []string
	// Unnamed are pictures, fields and buttons that a screen reader cannot name.
	Unnamed []string
}

const lookAtPage = `(() => {
  const rgb = (e) => { const m = getComputedStyle(e).backgroundColor.match(/[\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m; };
  const back = rgb(document.body) || rgb(document.documentElement) || (matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255]);
  const visible = (e) => { for (let p = e; p; p = p.parentElement) if (p.tagName === "DETAILS" && !p.open) return false; return true; };
  const name = (e) => e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.getAttribute("aria-hidden") || e.getAttribute("alt") || e.textContent.trim() || (e.labels && e.labels.length);
  return {
    Title: document.title, Headings: document.querySelectorAll("h1").length,
    Wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    Light: Math.round((back[0] + back[1] + back[2]) / 3),
    Empty: [...document.querySelectorAll("svg, img")].filter((e) => visible(e) && (!e.getBoundingClientRect().width || !e.getBoundingClientRect().height)).map((e) => e.outerHTML.slice(0, 100)),
    Unnamed: [...document.querySelectorAll("svg, img, input, select, button")].filter((e) => !name(e)).map((e) => e.outerHTML.slice(0, 100)),
  };
})()`

// Every page of the archive, wide and on a phone, light and dark: it fits, it sends
// no request elsewhere, and none of its scripts fails.
func TestTheArchiveInABrowser(t *testing.T) {
	runs := filepath.Join(t.TempDir(), "runs")
	if err := os.CopyFS(runs, os.DirFS("../examples/nightly/runs")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(runs)
	if err != nil || len(entries) < 2 {
		t.Fatalf("%d runs: %v", len(entries), err)
	}
	first, second := entries[0].Name(), entries[1].Name()
	if out, err := exec.Command(binary(t), "report", filepath.Join(runs, first)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd, address := serve(t, runs)
	ctx := browser(t)
	for _, path := range []string{"", "runs/" + first + "/", "compare?a=" + first + "&b=" + second, "trend"} {
		for _, width := range []int64{1280, 390} {
			for _, scheme := range []string{"light", "dark"} {
				name := strings.Join([]string{cmp.Or(strings.Trim(strings.SplitN(path, "?", 2)[0], "/"), "list"), map[int64]string{1280: "wide", 390: "phone"}[width], scheme}, " ")
				t.Run(name, func(t *testing.T) {
					open(t, ctx, address+path, width, scheme)
					check(t, get(t, ctx, chromedp.Evaluate[page](lookAtPage)), scheme)
					photograph(t, ctx, name)
				})
			}
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its code is that of the signal
}

// open shows an address in a window of a width, in a colour scheme.
func open(t *testing.T, ctx context.Context, address string, width int64, scheme string) {
	t.Helper()
	viewport := chromedp.EmulateViewport(width, 900)
	if width < 500 {
		viewport = chromedp.EmulateViewport(width, 900, chromedp.EmulateMobile)
	}
	do(t, ctx, viewport, chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		_, err := cdp.Call(ctx, page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}), chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("h1")))
}

// check fails for a page that is hard to see or to hear.
func check(t *testing.T, p page, scheme string) {
	t.Helper()
	if p.Title == "" || p.Headings != 1 {
		t.Errorf("title %q, %d first headings", p.Title, p.Headings)
	}
	if p.Wide > 0 {
		t.Errorf("%d pixels wider than the window", p.Wide)
	}
	if dark := p.Light < 128; dark != (scheme == "dark") {
		t.Errorf("the background is %d of 255", p.Light)
	}
	if len(p.Empty)+len(p.Unnamed) > 0 {
		t.Errorf("without a size: %q; without a name: %q", p.Empty, p.Unnamed)
	}
}

// photograph writes the page to the folder that SLOTSTORM_PICTURES names, if any.
func photograph(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("SLOTSTORM_PICTURES")
	if dir == "" {
		return
	}
	file := strings.NewReplacer(" ", "-", "/", "-").Replace(name) + ".jpg"
	if err := os.WriteFile(filepath.Join(dir, file), get(t, ctx, chromedp.FullScreenshot(90)), 0o644); err != nil {
		t.Error(err)
	}
}
