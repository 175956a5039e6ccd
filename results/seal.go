package results

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Sealed is what a bundle's SHA256SUMS covers, and what stands beside it.
type Sealed struct {
	// Changed are renderings (report.html, plots ...) that are not as they were
	// sealed: changed, missing or added. Nothing is read from them.
	Changed []string
	// Extra are files that are no part of a run's bundle, and not sealed.
	Extra []string
	// Signed reports whether the bundle has a signature. It was not verified.
	Signed bool

	sums map[string]string
}

// ErrNotSealedWhole marks a bundle in which something is not as it was sealed.
var ErrNotSealedWhole = errors.New("the bundle is not as it was sealed")

// strict is an error unless every file is as it was sealed, and none is added.
func (s *Sealed) strict() error {
	var wrong []string
	for _, name := range s.Changed {
		wrong = append(wrong, fmt.Sprintf("%q was changed, removed or added", name))
	}
	for _, name := range s.Extra {
		wrong = append(wrong, fmt.Sprintf("%q is not listed in %s", name, SumsFile))
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNotSealedWhole, strings.Join(wrong, "; "))
}

// evidence reports whether a file belongs to a run's bundle and is no rendering: it
// must be sealed.
func evidence(name string) bool {
	return source(name) || name == "replay.txt" || strings.HasPrefix(name, "nodes/") || strings.HasPrefix(name, "audit/")
}

// verify holds the files of a bundle against its SHA256SUMS.
func (f *Folder) verify() (*Sealed, error) {
	if !f.has(RunFile) {
		if f.has(EventsFile) {
			return nil, ErrUnsealed
		}
		return nil, fmt.Errorf("there is no %s: not a run of slotstorm", RunFile)
	}
	raw, err := f.ReadFile(SumsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrUnsealed
	}
	if err != nil {
		return nil, err
	}
	s := &Sealed{Signed: f.has(signatureFile)}
	if s.sums, err = parseSums(string(raw)); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	err = f.walk(VolumesDir, func(name string, _ fs.FileInfo) error {
		seen[name] = true
		return s.hold(f, name)
	})
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(s.sums)) {
		switch {
		case seen[name]:
		case rendering(name):
			s.Changed = append(s.Changed, name)
		default:
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	return s, nil
}

// hold holds one file against the sums.
func (s *Sealed) hold(f *Folder, name string) error {
	if name == SumsFile || name == signatureFile {
		return nil
	}
	want, listed := s.sums[name]
	switch {
	case listed:
	case rendering(name):
		s.Changed = append(s.Changed, name)
		return nil
	case evidence(name):
		return fmt.Errorf("%q is not listed in %s: the file was added, or its line removed, after the run", name, SumsFile)
	default:
		s.Extra = append(s.Extra, name)
		return nil
	}
	got, err := f.digest(name)
	switch {
	case err != nil:
		return err
	case got == want:
		return nil
	case rendering(name):
		s.Changed = append(s.Changed, name)
		return nil
	}
	return fmt.Errorf("%s was changed or cut short after the run (its SHA-256 is not the one in %s)", name, SumsFile)
}

// parseSums reads SHA256SUMS: the digest of each file by its name.
func parseSums(text string) (map[string]string, error) {
	sums := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if digest, err := hex.DecodeString(sum); !ok || err != nil || len(digest) != sha256.Size || !sealable(name) {
			return nil, fmt.Errorf("%s:%d: not a line of sha256sum", SumsFile, n)
		}
		if _, twice := sums[name]; twice {
			return nil, fmt.Errorf("%s:%d: %q is listed twice", SumsFile, n, name)
		}
		sums[name] = sum
	}
	return sums, nil
}

// sealable reports whether a name can stand in SHA256SUMS. sha256sum escapes
// backslashes and line breaks; no file of a run has them.
func sealable(name string) bool {
	return filepath.IsLocal(filepath.FromSlash(name)) && path.Clean(name) == name && name != "." && !strings.ContainsAny(name, "\\\n\r\x00")
}

// sealText is SHA256SUMS as it is written.
func sealText(sums map[string]string) []byte {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%s  %s\n", sums[name], name)
	}
	return []byte(b.String())
}

// Seal writes SHA256SUMS over every file in the folder dir. It comes last.
func Seal(dir string) error {
	f, err := OpenFolder(dir)
	if err != nil {
		return fmt.Errorf("sealing the bundle: %w", err)
	}
	defer f.Close()
	sums := map[string]string{}
	err = f.walk(VolumesDir, func(name string, _ fs.FileInfo) error {
		if name == SumsFile || name == signatureFile {
			return nil
		}
		if !sealable(name) {
			return fmt.Errorf("the name %q has a backslash or a line break", name)
		}
		sum, err := f.digest(name)
		sums[name] = sum
		return err
	})
	if err != nil {
		return fmt.Errorf("sealing the bundle: %w", err)
	}
	return f.seal(sums)
}

// seal writes SHA256SUMS, and removes the signature of an older one.
func (f *Folder) seal(sums map[string]string) error {
	text := sealText(sums)
	if old, err := f.ReadFile(SumsFile); err == nil && string(old) == string(text) {
		return nil
	}
	if err := f.root.Remove(signatureFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sealing the bundle: %w", err)
	}
	return f.WriteFile(SumsFile, text)
}

// Renew seals the bundle in dir again after its renderings were made anew. What
// it was rendered from keeps the digests that Load has verified, and files that
// are no part of the bundle stay unsealed: nothing that was changed passes.
func (s *Sealed) Renew(dir string) error {
	f, err := OpenFolder(dir)
	if err != nil {
		return fmt.Errorf("sealing the bundle: %w", err)
	}
	defer f.Close()
	sums := maps.Clone(s.sums)
	maps.DeleteFunc(sums, func(name, _ string) bool { return rendering(name) })
	err = f.walk(VolumesDir, func(name string, _ fs.FileInfo) error {
		if !rendering(name) {
			return nil
		}
		sum, err := f.digest(name)
		sums[name] = sum
		return err
	})
	if err != nil {
		return fmt.Errorf("sealing the bundle: %w", err)
	}
	return f.seal(sums)
}

func (f *Folder) digest(name string) (string, error) {
	file, err := f.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	most := limitOf(name).size
	n, err := io.Copy(h, io.LimitReader(file, most+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if n > most {
		return "", fmt.Errorf("%s has more than the %d bytes that a run's can have", name, most)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// ErrUnsealed marks a bundle whose run did not end: it was killed, or still runs.
var ErrUnsealed = errors.New("not sealed: its run was killed or is still under way")
