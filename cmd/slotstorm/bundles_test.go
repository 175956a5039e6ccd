package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

// damaged breaks a sealed bundle in a way that must end nothing but its own
// reading.
var damaged = map[string]func(dir string) error{
	"a negative second": func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, results.SeriesFile), []byte(`{"seq":-1}`), 0o644), results.Seal(dir))
	},
	"a named pipe": func(dir string) error {
		path := filepath.Join(dir, results.SeriesFile)
		return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644))
	},
	"a link to a device": func(dir string) error {
		path := filepath.Join(dir, results.RunFile)
		return errors.Join(os.Remove(path), os.Symlink("/dev/zero", path))
	},
	"a file without end": func(dir string) error { return os.Truncate(filepath.Join(dir, results.RunFile), 20<<30) },
	"no scenario": func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, results.ScenarioFile), []byte("nonsense: ["), 0o644), results.Seal(dir))
	},
}

// A bad bundle among others is named and left out; one that is named itself is an
// error.
func TestABadBundleIsLeftOut(t *testing.T) {
	t.Parallel()
	for what, damage := range damaged {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			root := nightly(t, 8, 0)
			entries, err := results.List(root)
			if err != nil {
				t.Fatal(err)
			}
			bad := entries[3].ID
			if err := damage(entries[3].Dir); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"trend", "--out", root}, {"compare", "--force", "--out", root, root + "/*", entries[0].Dir}, {"list", "--out", root}, {"list", "--json", "--out", root}} {
				code, stdout, stderr := do(t, args...)
				if args[0] == "compare" {
					// The one run of B is in A too: what matters is that the bad one came first.
					if code != exitInvalid || !strings.Contains(stderr, "is in both A and B") {
						t.Errorf("%v: %d %s", args, code, stderr)
					}
				} else if code != exitOK {
					t.Errorf("%v: %d %s", args, code, stderr)
				}
				if !strings.Contains(stdout+stderr, bad) {
					t.Errorf("%v names no %s:\n%s%s", args, bad, stdout, stderr)
				}
			}
			for _, args := range [][]string{{"report", entries[3].Dir}, {"audit", entries[3].Dir}, {"trend", entries[3].Dir}, {"compare", entries[0].Dir, entries[3].Dir}} {
				if code, _, stderr := do(t, args...); code != exitError || !strings.Contains(stderr, bad) {
					t.Errorf("%v: %d %s", args, code, stderr)
				}
			}
		})
	}
}

// Rendering a bundle of somebody else's writes nothing outside of it.
func TestReportWritesNothingOutsideOfTheBundle(t *testing.T) {
	t.Parallel()
	for _, link := range []string{doc.HTMLFile, doc.HTMLFile + ".part", doc.MarkdownFile, doc.JUnitFile, doc.PlotsDir, results.SumsFile + ".part"} {
		t.Run(link, func(t *testing.T) {
			root, outside := t.TempDir(), t.TempDir()
			write(t, root, "one", nil)
			dir := filepath.Join(root, "one")
			victim := filepath.Join(outside, "victim")
			target := victim
			if link == doc.PlotsDir {
				target = outside
			}
			if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.RemoveAll(filepath.Join(dir, link)), os.Symlink(target, filepath.Join(dir, link))); err != nil {
				t.Fatal(err)
			}
			code, _, stderr := do(t, "report", dir)
			if code != exitError || !strings.Contains(stderr, "is a link") {
				t.Errorf("%d %s", code, stderr)
			}
			if got, err := os.ReadFile(victim); err != nil || string(got) != "precious" {
				t.Errorf("the other file holds %q, %v", got, err)
			}
			if left, err := os.ReadDir(outside); err != nil || len(left) != 1 {
				t.Errorf("outside: %v, %v", left, err)
			}
		})
	}
}

// --out writes to no link and no device.
func TestOutWritesThroughNothing(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	write(t, root, "one", nil)
	victim := filepath.Join(outside, "victim")
	for _, format := range []string{"html", "summary"} {
		file := filepath.Join(outside, "link-"+format)
		if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Symlink(victim, file), os.Symlink(victim, filepath.Join(outside, "page.part"))); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		if code, _, stderr := do(t, "report", "--out", format+"="+file, filepath.Join(root, "one")); code != exitInvalid || !strings.Contains(stderr, "is a link") {
			t.Errorf("%s: %d %s", format, code, stderr)
		}
		if code, _, stderr := do(t, "report", "--out", format+"="+filepath.Join(outside, "page"), filepath.Join(root, "one")); code != exitOK {
			t.Errorf("%s: %d %s", format, code, stderr)
		}
		if got, err := os.ReadFile(victim); err != nil || string(got) != "precious" {
			t.Errorf("the other file holds %q, %v", got, err)
		}
	}
}

// signingKeys are a private and a public key as openssl writes them.
func signingKeys(t *testing.T) (private, public string) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	private, public = filepath.Join(dir, "key.pem"), filepath.Join(dir, "key.pub.pem")
	a, err1 := x509.MarshalPKCS8PrivateKey(priv)
	b, err2 := x509.MarshalPKIXPublicKey(pub)
	if err := errors.Join(err1, err2,
		os.WriteFile(private, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: a}), 0o600),
		os.WriteFile(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}), 0o644)); err != nil {
		t.Fatal(err)
	}
	return private, public
}

func TestReportSignsAndVerifies(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "one", nil)
	dir := filepath.Join(root, "one")
	private, public := signingKeys(t)
	_, foreign := signingKeys(t)
	page := filepath.Join(dir, doc.HTMLFile)
	for _, step := range []struct {
		what string
		do   func() error
		args []string
		want exitCode
		says string
	}{
		{"not signed", nil, []string{"--verify", public}, exitFailed, "there is no SHA256SUMS.sig"},
		{"to sign", nil, []string{"--sign", private}, exitOK, ""},
		{"signed", nil, []string{"--verify", public}, exitOK, "is signed by SHA256:"},
		{"by another", nil, []string{"--verify", foreign}, exitFailed, "did not sign"},
		{"rendered without the key", nil, nil, exitOK, "the run is signed; render and sign it again with --sign KEY"},
		{"still signed", nil, []string{"--verify", public}, exitOK, "is signed by SHA256:"},
		{"a page was changed", func() error { return os.WriteFile(page, []byte("PASS"), 0o644) }, []string{"--verify", public}, exitFailed, `"report.html" was changed`},
		{"signed again", nil, []string{"--sign", private}, exitOK, `"report.html" in one was changed since it was sealed`},
		{"verified again", nil, []string{"--verify", public}, exitOK, "is signed by"},
		{"a file was added", func() error { return os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644) }, []string{"--verify", public}, exitFailed, `"notes.txt" is not listed`},
		{"signing it", nil, []string{"--sign", private}, exitError, `"notes.txt" is not listed`},
		{"no key", nil, []string{"--sign", public}, exitInvalid, "no PEM block"},
		{"no public key", nil, []string{"--verify", private}, exitInvalid, "no PEM block"},
		{"both", nil, []string{"--verify", public, "--sign", private}, exitInvalid, "cannot be combined"},
		{"with a format", nil, []string{"--format", "json", "--sign", private}, exitInvalid, "cannot be combined"},
	} {
		if step.do != nil {
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
		}
		code, _, stderr := do(t, append([]string{"report", dir}, step.args...)...)
		if code != step.want || !strings.Contains(stderr, step.says) {
			t.Errorf("%s: %d %s, want %d with %q", step.what, code, stderr, step.want, step.says)
		}
	}
}

// A report that is made anew is sealed anew, so that sha256sum goes on agreeing.
func TestReportSealsWhatItRenders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "one", nil)
	dir := filepath.Join(root, "one")
	if code, _, stderr := do(t, "report", dir); code != exitOK {
		t.Fatal(stderr)
	}
	b, err := results.Load(dir)
	if err != nil || len(b.Seal.Changed)+len(b.Seal.Extra) > 0 {
		t.Errorf("%+v, %v", b, err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, results.SumsFile))
	if err != nil || !strings.Contains(string(sums), "  report.html\n") {
		t.Errorf("%s %v", sums, err)
	}
}
