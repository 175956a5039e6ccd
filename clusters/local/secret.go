package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Secret is a small file that processes of the run read and that is in no folder of
// the run. On Linux it is in memory, has no name, and is gone with the last process
// that holds it. Elsewhere it is in a folder of its own that only its user can open.
type Secret struct {
	file   *os.File
	folder string
}

const (
	// secretPrefix begins the name of a secret's folder, secretName is the file in it.
	secretPrefix = "slotstorm-secret-"
	secretName   = "secret"
)

// NewSecret keeps content until Close. Where that needs a folder, announce learns it
// before anything is in it, so that it can be removed if this process is killed.
func NewSecret(content []byte, announce func(folder string) error) (*Secret, error) {
	if f, err := memoryFile("slotstorm-secret", content); err == nil {
		return &Secret{file: f}, nil
	}
	return folderSecret(content, announce)
}

func folderSecret(content []byte, announce func(folder string) error) (_ *Secret, err error) {
	// MkdirTemp makes it with mode 0700 and a name that was not there.
	folder, err := os.MkdirTemp("", secretPrefix)
	if err != nil {
		return nil, fmt.Errorf("making a folder for a secret: %w", err)
	}
	s := &Secret{folder: folder}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := announce(folder); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, secretName), content, 0o600); err != nil {
		return nil, fmt.Errorf("writing a secret: %w", err)
	}
	return s, nil
}

// firstFile is the number of the first file that a process inherits beside its
// standard streams.
const firstFile = 3

// Path is where a process that was started with it as the only one of Spec.Secrets
// reads the secret, as often as it likes.
func (s *Secret) Path() string {
	if s.file != nil {
		return fmt.Sprintf("/proc/self/fd/%d", firstFile)
	}
	return filepath.Join(s.folder, secretName)
}

// Close forgets the secret. Processes that were started with it keep it.
func (s *Secret) Close() error {
	if s.file != nil {
		return s.file.Close()
	}
	return RemoveSecret(s.folder)
}

// RemoveSecret removes the folder of a secret. One that is gone is no error; one that
// is not such a folder is left as it is.
func RemoveSecret(folder string) error {
	info, err := os.Lstat(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !strings.HasPrefix(filepath.Base(folder), secretPrefix) || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s is no folder of a secret: it was left as it is", folder)
	}
	// Never more than the one file that NewSecret writes.
	if err := os.Remove(filepath.Join(folder, secretName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing a secret: %w", err)
	}
	if err := os.Remove(folder); err != nil {
		return fmt.Errorf("removing a secret: %w", err)
	}
	return nil
}
