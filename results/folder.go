package results

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// Folder is the one way to a bundle on disk. It opens regular files alone, within
// the bundle, up to a size by kind of file: links, named pipes, devices and
// sockets are refused with an error that names them.
type Folder struct {
	dir  string
	root *os.Root
}

// OpenFolder opens the bundle in dir. The caller closes it.
func OpenFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{dir: dir, root: root}, nil
}

// Close gives the folder free.
func (f *Folder) Close() error { return f.root.Close() }

// NotRegularError is a file that is no regular one.
type NotRegularError struct {
	// Name is the file's, Kind what it is: "a link".
	Name, Kind string
}

func (e *NotRegularError) Error() string {
	return fmt.Sprintf("%q is %s: slotstorm neither follows, reads nor replaces it", e.Name, e.Kind)
}

// kindOf names what stands under a name.
func kindOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a file"
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a link"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}

// lstat describes a file, and refuses names that lead out of the bundle or
// through a link.
func (f *Folder) lstat(name string) (fs.FileInfo, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) != name {
		return nil, fmt.Errorf("%q is no name of a file in a bundle", name)
	}
	for at, c := range name {
		if c != '/' {
			continue
		}
		st, err := f.root.Lstat(name[:at])
		if err != nil {
			return nil, err
		}
		if !st.IsDir() {
			return nil, &NotRegularError{name[:at], kindOf(st.Mode())}
		}
	}
	st, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &NotRegularError{name, kindOf(st.Mode())}
	}
	return st, nil
}

// Open opens a file of the bundle, by its name with slashes, for reading. The
// caller closes it.
func (f *Folder) Open(name string) (*os.File, error) { return f.open(name, os.O_RDONLY) }

func (f *Folder) open(name string, flag int) (*os.File, error) {
	want, err := f.lstat(name)
	if err != nil {
		return nil, err
	}
	// The name may have changed its meaning since: a named pipe must not block, and
	// what was opened must be what was looked at.
	file, err := f.root.OpenFile(filepath.FromSlash(name), flag|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	got, err := file.Stat()
	if err == nil && !os.SameFile(want, got) {
		err = fmt.Errorf("%s was replaced while it was opened", name)
	}
	if most := limitOf(name).size; err == nil && got.Size() > most {
		err = fmt.Errorf("%s has %d bytes: more than the %d that a run's can have", name, got.Size(), most)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// has reports whether the bundle holds something of that name.
func (f *Folder) has(name string) bool {
	_, err := f.root.Lstat(name)
	return err == nil
}

// ReadFile reads a file of the bundle whole.
func (f *Folder) ReadFile(name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(name, file, limitOf(name).size)
}

// readAll reads up to most bytes; more are an error.
func readAll(name string, r io.Reader, most int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(raw)) > most {
		return nil, fmt.Errorf("%s has more than the %d bytes that a run's can have", name, most)
	}
	return raw, nil
}

// walk calls each for every file of the bundle but those of skip, in order of
// names. What is neither a folder nor a regular file ends it.
func (f *Folder) walk(skip string, each func(name string, st fs.FileInfo) error) error {
	files, total := 0, int64(0)
	return fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == skip && d.IsDir() {
			return fs.SkipDir
		}
		if files++; files > maxFiles || strings.Count(name, "/") >= maxDepth {
			return fmt.Errorf("it holds more files or deeper folders than a run's bundle can")
		}
		if d.IsDir() {
			return nil
		}
		st, err := f.lstat(name)
		if err != nil {
			return err
		}
		if total += st.Size(); total > maxTotal {
			return fmt.Errorf("its files have more than the %d bytes that a run's bundle can have", int64(maxTotal))
		}
		return each(name, st)
	})
}

// WriteFile replaces a file of the bundle at once, and makes its folder. It never
// writes through a link.
func (f *Folder) WriteFile(name string, b []byte) error {
	if dir := path.Dir(name); dir != "." {
		if err := f.Mkdir(dir); err != nil {
			return err
		}
	}
	if _, err := f.lstat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	tmp := path.Join(path.Dir(name), "."+path.Base(name)+"."+rand.Text()+".part")
	if err := f.create(tmp, b); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := f.root.Rename(tmp, name); err != nil {
		return fmt.Errorf("writing %s: %w", name, errors.Join(err, f.root.Remove(tmp)))
	}
	return nil
}

// Mkdir makes a folder of the bundle, unless it is there. A link to one is refused.
func (f *Folder) Mkdir(name string) error {
	err := f.root.Mkdir(name, 0o755)
	if errors.Is(err, fs.ErrExist) {
		var st fs.FileInfo
		if st, err = f.root.Lstat(name); err == nil && !st.IsDir() {
			err = &NotRegularError{name, kindOf(st.Mode())}
		}
	}
	if err != nil {
		return fmt.Errorf("making the folder %s: %w", name, err)
	}
	return nil
}

// create writes a file that does not exist yet; on an error nothing stays.
func (f *Folder) create(name string, b []byte) error {
	file, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, f.root.Remove(name))
	}
	return nil
}

// WriteFile replaces a file at once: a reader sees the old or the new one whole.
// What stands under that name and is no regular file stays, with an error: a link
// could lead to any other file, and a device must not be replaced.
func WriteFile(name string, b []byte) error {
	f, err := OpenFolder(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(name), err)
	}
	defer f.Close()
	return f.WriteFile(filepath.Base(name), b)
}

// CheckWrite returns the error that WriteFile, or with appends AppendFile, would give now.
// It leaves the file as it is.
func CheckWrite(name string, appends bool) error {
	f, err := OpenFolder(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer f.Close()
	base := filepath.Base(name)
	_, err = f.lstat(base)
	switch {
	case err == nil && appends:
		file, err := f.open(base, os.O_WRONLY|os.O_APPEND)
		if err != nil {
			return err
		}
		return file.Close()
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	tmp := "." + base + "." + rand.Text() + ".part"
	var failed *fs.PathError
	switch err := f.create(tmp, nil); {
	case errors.As(err, &failed):
		return fmt.Errorf("no file can be created in %s: %w", f.dir, failed.Err)
	case err != nil:
		return err
	}
	return f.root.Remove(tmp)
}

// AppendFile adds to a file, and makes it if there is none. Like WriteFile it
// refuses what is no regular file.
func AppendFile(name string, b []byte) error {
	f, err := OpenFolder(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer f.Close()
	base := filepath.Base(name)
	file, err := f.root.OpenFile(base, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		file, err = f.open(base, os.O_WRONLY|os.O_APPEND)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	return errors.Join(err, file.Close())
}
