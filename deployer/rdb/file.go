package rdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slotstorm/slotstorm/internal/bounded"
	"github.com/slotstorm/slotstorm/results"
)

// ErrFile marks a file that cannot be the data set of the scenario's cluster.
var ErrFile = errors.New("workload.prefill.from")

const (
	// fileName is that of the copy in its folder.
	fileName = "source.rdb"
	// mostBytes bounds a file.
	mostBytes = 256 << 30
	// databases are more than anybody uses: a server does not read a file with keys in a
	// database that it does not have.
	databases = 1024
	// scanned is how many keys a server looks at for one answer.
	scanned = 10_000
)

// magics begin an RDB file. Source: rdbSaveRio in rdb.c of Redis and of Valkey 9.
var magics = [][]byte{[]byte("REDIS0"), []byte("VALKEY")}

// copied copies a file that begins like an RDB file, and gives its name and digest.
func copied(ctx context.Context, from, to string) (set results.DataSet, err error) {
	info, err := os.Stat(from)
	if err == nil && !info.Mode().IsRegular() {
		return set, fmt.Errorf("%w: %s is no regular file", ErrFile, from)
	}
	if err == nil {
		err = bounded.Bound{What: "an RDB file", Bytes: mostBytes}.Check(from)
	}
	if err != nil {
		return set, fmt.Errorf("%w: %w", ErrFile, err)
	}
	in, err := os.Open(from)
	if err != nil {
		return set, fmt.Errorf("%w: %w", ErrFile, err)
	}
	defer in.Close()
	head := make([]byte, len(magics[0]))
	if _, err := io.ReadFull(in, head); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return set, fmt.Errorf("reading %s: %w", from, err)
	}
	if !bytes.Equal(head, magics[0]) && !bytes.Equal(head, magics[1]) {
		return set, fmt.Errorf("%w: %s is no RDB file: it begins with %q, and not with REDIS or VALKEY and a version", ErrFile, from, bytes.TrimRight(head, "\x00"))
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return set, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), io.MultiReader(bytes.NewReader(head), io.LimitReader(gentle{ctx, in}, mostBytes)))
	if err := errors.Join(err, out.Close()); err != nil {
		return set, fmt.Errorf("copying %s: %w", from, freed(err, filepath.Dir(to)))
	}
	return results.DataSet{File: filepath.Base(from), Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// gentle reads until its context ends.
type gentle struct {
	ctx context.Context
	in  io.Reader
}

func (g gentle) Read(b []byte) (int, error) {
	if g.ctx.Err() != nil {
		return 0, context.Cause(g.ctx)
	}
	return g.in.Read(b)
}

// freed says where there is no room for the copy.
func freed(err error, dir string) error {
	var failed *fs.PathError
	if errors.As(err, &failed) && failed.Op == "write" {
		return fmt.Errorf("%w; the copy is made in %s: free space there, or name another folder by --out", err, dir)
	}
	return err
}
