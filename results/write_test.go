package results

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Files are replaced, never written through: not by a link under the name, nor
// under one that could be guessed for the part that is not whole yet.
func TestWritingFollowsNoLink(t *testing.T) {
	for _, tc := range []struct {
		name   string
		plant  func(dir, victim string) error
		refuse string
	}{
		{"a link in the place of the file", func(dir, victim string) error { return os.Symlink(victim, filepath.Join(dir, "report.html")) }, "a link"},
		{"a link in the place of its part", func(dir, victim string) error { return os.Symlink(victim, filepath.Join(dir, "report.html.part")) }, ""},
		{"a device", func(dir, victim string) error { return os.Symlink("/dev/null", filepath.Join(dir, "report.html")) }, "a link"},
		{"a named pipe", func(dir, _ string) error { return syscall.Mkfifo(filepath.Join(dir, "report.html"), 0o644) }, "a named pipe"},
		{"a hard link", func(dir, victim string) error { return os.Link(victim, filepath.Join(dir, "report.html")) }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			outside := t.TempDir()
			victim, dir := filepath.Join(outside, "victim"), filepath.Join(outside, "bundle")
			if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Mkdir(dir, 0o755), tc.plant(dir, victim)); err != nil {
				t.Fatal(err)
			}
			err := WriteFile(filepath.Join(dir, "report.html"), []byte("page"))
			if tc.refuse == "" && err != nil || tc.refuse != "" && (err == nil || !strings.Contains(err.Error(), tc.refuse)) {
				t.Errorf("error is %v", err)
			}
			if got, err := os.ReadFile(victim); err != nil || string(got) != "precious" {
				t.Errorf("the other file has %q, %v", got, err)
			}
			if err := AppendFile(filepath.Join(dir, "report.html"), []byte(" more")); tc.refuse != "" && err == nil {
				t.Error("it was appended to")
			}
			if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// A folder of the bundle that is a link leads nowhere.
func TestWritingFollowsNoLinkedFolder(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "plots")); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{"plots/x.png", "../x.png", "/x.png", "plots/../../x.png"} {
		if err := f.WriteFile(name, nil); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside is %v, %v", left, err)
	}
}

func TestAppendFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "summary.md")
	for _, text := range []string{"one\n", "two\n"} {
		if err := AppendFile(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "one\ntwo\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// When a bundle cannot be made whole, nothing of it stays. A limit on the size of
// files makes the first write fail.
func TestCreateCleansUp(t *testing.T) {
	root := t.TempDir()
	if dir := os.Getenv("SLOTSTORM_TEST_CREATE"); dir != "" {
		// So many files may be open that the folder is made, and not all of its files.
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		limit := syscall.Rlimit{Cur: uint64(len(entries) + 3), Max: uint64(len(entries) + 3)}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		if _, err := Create(dir, "run", time.Now()); err == nil {
			t.Fatal("it was made")
		}
		return
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestCreateCleansUp$")
	child.Env = append(os.Environ(), "SLOTSTORM_TEST_CREATE="+root)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// damage is done to a sealed bundle.
type damage struct {
	name   string
	damage func(dir string) error
	want   string // of Load; empty: it is read
	strict string // of VerifySigned's rule
}

func damages() []damage {
	drop := func(name string) func(dir string) error {
		return func(dir string) error {
			path := filepath.Join(dir, SumsFile)
			raw, err := os.ReadFile(path)
			var kept []byte
			for line := range bytes.Lines(raw) {
				if !bytes.HasSuffix(line, []byte("  "+name+"\n")) {
					kept = append(kept, line...)
				}
			}
			return errors.Join(err, os.WriteFile(path, kept, 0o644))
		}
	}
	put := func(name string) func(dir string) error {
		return func(dir string) error { return place(dir, name, "x") }
	}
	return []damage{
		{"nothing", func(string) error { return nil }, "", ""},
		{"a line was removed", drop(EventsFile), `"events.jsonl" is not listed`, ""},
		{"the line of the journal was removed", drop(JournalFile), `"journal.jsonl" is not listed`, ""},
		{"a log was added", put("nodes/node-0.log"), `"nodes/node-0.log" is not listed`, ""},
		{"a page was added", put("audit/once.html"), `"audit/once.html" is not listed`, ""},
		{"a foreign file was added", put("notes.txt"), "", `"notes.txt" is not listed`},
		{"a rendering was added", put("report.html"), "", `"report.html" was changed`},
		{"a rendering was changed", put("report.md"), "", `"report.md" was changed`},
		{"a rendering was removed", func(dir string) error { return os.Remove(filepath.Join(dir, "report.md")) }, "", `"report.md" was changed`},
		{"a log was changed", put("nodes/node-1.log"), "nodes/node-1.log was changed", ""},
		{"a line twice", func(dir string) error {
			raw, err := os.ReadFile(filepath.Join(dir, SumsFile))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, SumsFile), append(raw, raw...), 0o644))
		}, "is listed twice", ""},
	}
}

// Every file is sealed: what was added, removed or changed is named.
func TestTheSealCoversEveryFile(t *testing.T) {
	for _, tc := range damages() {
		t.Run(tc.name, func(t *testing.T) {
			dir := write(t, t.TempDir(), "test-20261122T223106Z-0001").Dir()
			if err := errors.Join(place(dir, "report.md", "# report"), place(dir, "nodes/node-1.log", "log"), Seal(dir)); err != nil {
				t.Fatal(err)
			}
			if out, err := check(dir); err != nil {
				t.Fatalf("sha256sum: %v\n%s", err, out)
			}
			if err := tc.damage(dir); err != nil {
				t.Fatal(err)
			}
			b, err := Load(dir)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error is %v, want one with %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Seal.strict(); (err == nil) != (tc.strict == "") || err != nil && !strings.Contains(err.Error(), tc.strict) {
				t.Errorf("strictly: %v, want %q", err, tc.strict)
			}
			if err := b.Seal.Renew(dir); err != nil {
				t.Fatal(err)
			}
			if b, err = Load(dir); err != nil || len(b.Seal.Changed) > 0 || strings.Contains(tc.strict, "notes.txt") != (len(b.Seal.Extra) == 1) {
				t.Errorf("sealed again: %+v, %v", b.Seal, err)
			}
		})
	}
}

func check(dir string) ([]byte, error) {
	c := exec.Command("sha256sum", "--strict", "--quiet", "-c", SumsFile)
	c.Dir = dir
	return c.CombinedOutput()
}

// To seal again does not launder: what was changed after the bundle was read is
// found by the next reader.
func TestSealingAgainDoesNotLaunder(t *testing.T) {
	dir := write(t, t.TempDir(), "test-20261122T223106Z-0001").Dir()
	b, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(place(dir, LedgerFile, ""), place(dir, "report.html", "page"), b.Seal.Renew(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "audit/ledger.jsonl was changed") {
		t.Errorf("error is %v", err)
	}
}

func TestNamesThatSha256sumEscapesAreNotSealed(t *testing.T) {
	for _, name := range []string{"a\nb", `a\b`} {
		dir := write(t, t.TempDir(), "test-20261122T223106Z-0001").Dir()
		if err := errors.Join(place(dir, name, "x")); err != nil {
			t.Fatal(err)
		}
		if err := Seal(dir); err == nil || !strings.Contains(err.Error(), "backslash or a line break") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// keys writes a new pair of keys, as openssl would.
func keys(t *testing.T) (private, public string) {
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

func TestSignatures(t *testing.T) {
	private, public := keys(t)
	_, foreign := keys(t)
	read := func(file string) ed25519.PublicKey {
		key, err := ReadVerifyKey(file)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	key, err := ReadSigningKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		damage func(dir string) error
		public string
		want   error
	}{
		{"as it was signed", func(string) error { return nil }, public, nil},
		{"by another key", func(string) error { return nil }, foreign, ErrSignature},
		{"without a signature", func(dir string) error { return os.Remove(filepath.Join(dir, signatureFile)) }, public, ErrSignature},
		{"with nonsense", func(dir string) error { return place(dir, signatureFile, "nonsense") }, public, ErrSignature},
		{"sealed again by others", func(dir string) error {
			raw, err := os.ReadFile(filepath.Join(dir, signatureFile))
			return errors.Join(err, place(dir, LedgerFile, ""), Seal(dir), place(dir, signatureFile, string(raw)))
		}, public, ErrSignature},
		{"with a changed rendering", func(dir string) error { return place(dir, "report.md", "# pass") }, public, ErrNotSealedWhole},
		{"with a changed ledger", func(dir string) error { return place(dir, LedgerFile, "") }, public, ErrNotSealedWhole},
		{"with another file", func(dir string) error { return place(dir, "notes.txt", "x") }, public, ErrNotSealedWhole},
		{"with a link", func(dir string) error { return os.Symlink("run.json", filepath.Join(dir, "link")) }, public, ErrNotSealedWhole},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := write(t, t.TempDir(), "test-20261122T223106Z-0001").Dir()
			if err := errors.Join(place(dir, "report.md", "# fail"), Seal(dir), Sign(dir, key), tc.damage(dir)); err != nil {
				t.Fatal(err)
			}
			if err := VerifySigned(dir, read(tc.public)); !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
				t.Errorf("error is %v, want %v", err, tc.want)
			}
		})
	}
	dir := write(t, t.TempDir(), "test-20261122T223106Z-0001").Dir()
	if err := errors.Join(Sign(dir, key), place(dir, "report.md", "x"), Seal(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, signatureFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the signature of an older seal is there: %v", err)
	}
}

// Like ssh: a key that others can read is no secret.
func TestKeysOfOthersAreRefused(t *testing.T) {
	private, public := keys(t)
	if err := os.Chmod(private, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSigningKey(private); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("error is %v", err)
	}
	for _, file := range []string{public, "/dev/zero", t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := ReadSigningKey(file); err == nil {
			t.Errorf("%s is a private key", file)
		}
	}
	for _, file := range []string{private, "/dev/zero"} {
		if _, err := ReadVerifyKey(file); err == nil {
			t.Errorf("%s is a public key", file)
		}
	}
}

// openssl verifies what slotstorm signs, and reads its keys.
func TestOpensslVerifiesASignature(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	script := `set -e
openssl genpkey -algorithm ed25519 -out key.pem && chmod 600 key.pem
openssl pkey -in key.pem -pubout -out key.pub.pem`
	sh := func(script string) {
		t.Helper()
		c := exec.Command("sh", "-c", script)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	sh(script)
	key, err := ReadSigningKey(filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	bundle := write(t, dir, "bundle").Dir()
	if err := Sign(bundle, key); err != nil {
		t.Fatal(err)
	}
	public, err := ReadVerifyKey(filepath.Join(dir, "key.pub.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifySigned(bundle, public); err != nil {
		t.Error(err)
	}
	sh(`base64 -d bundle/SHA256SUMS.sig > sig && openssl pkeyutl -verify -pubin -inkey key.pub.pem -rawin -in bundle/SHA256SUMS -sigfile sig`)
}

// dryPrune chooses the only run of root, or not, and leaves it.
func dryPrune(t *testing.T, root string, chosen bool) {
	t.Helper()
	list, err := Prune(root, Retention{Now: time.Now()}, true)
	if err != nil || len(list) != 1 || list[0].Removed || list[0].Chosen != chosen {
		t.Errorf("a dry run: %+v, %v", list, err)
	}
}

// Prune removes what is the run's and nothing else, and follows no link.
func TestPruneLeavesForeignFiles(t *testing.T) {
	outside := t.TempDir()
	precious := filepath.Join(outside, "precious")
	if err := os.WriteFile(precious, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	in := func(name string) func(dir string) error {
		return func(dir string) error {
			path := filepath.Join(dir, filepath.FromSlash(name))
			return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("x"), 0o644))
		}
	}
	for _, tc := range []struct {
		name  string
		plant func(dir string) error
		goes  bool
	}{
		{"nothing else", func(string) error { return nil }, true},
		{"a node's data", func(dir string) error {
			return errors.Join(in("volumes/node-0/dump.rdb")(dir), in("volumes/node-0/redis.conf")(dir), in("volumes/node-0/appendonlydir/a.1.incr.aof")(dir), in("volumes/backup/node-0/nodes.conf")(dir))
		}, true},
		{"a changed rendering", in("plots/latency.png"), true},
		{"a foreign file", in("notes.txt"), false},
		{"a foreign file among the volumes", in("volumes/notes.txt"), false},
		{"a foreign file in a node's volume", in("volumes/node-0/thesis.txt"), false},
		{"a foreign file in a volume of no node", in("volumes/node-9/dump.rdb"), false},
		{"a foreign folder", func(dir string) error { return os.Mkdir(filepath.Join(dir, "work"), 0o755) }, false},
		{"a link", func(dir string) error { return os.Symlink(precious, filepath.Join(dir, "link")) }, false},
		{"a linked volume", func(dir string) error { return os.Symlink(outside, filepath.Join(dir, "volumes")) }, false},
		{"a linked node's volume", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "volumes"), 0o755), os.Symlink(outside, filepath.Join(dir, "volumes", "node-0")))
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			w := write(t, root, "test-20261122T223106Z-0001")
			dir := w.Dir()
			r := &Run{SchemaVersion: SchemaVersion, ID: "x", Name: "test", Nodes: []Node{{Name: "node-0"}}}
			if err := errors.Join(w.SaveRun(r), Seal(dir), tc.plant(dir)); err != nil {
				t.Fatal(err)
			}
			count := func() (n int) {
				_ = filepath.WalkDir(dir, func(string, fs.DirEntry, error) error { n++; return nil })
				return n
			}
			before := count()
			dryPrune(t, root, tc.goes)
			list, err := Prune(root, Retention{Now: time.Now()}, false)
			if err != nil || len(list) != 1 || list[0].Removed != tc.goes || list[0].Why == "" {
				t.Errorf("%+v, %v", list, err)
			}
			if _, err := os.Lstat(dir); (err == nil) == tc.goes || !tc.goes && count() != before {
				t.Errorf("the folder: %v, %d files of %d", err, count(), before)
			}
			if _, err := os.Lstat(precious); err != nil {
				t.Error(err)
			}
		})
	}
}
