package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// build compiles a program.
func build(t *testing.T, source string, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	for file, text := range map[string]string{"go.mod": "module program\n", "main.go": source} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", "program")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "program")
}

const hello = "package main\n\nfunc main() { println(\"hello\") }\n"

func TestOf(t *testing.T) {
	path := build(t, hello, "CGO_ENABLED=0")
	img, err := Of(path)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := img.Archive(&archive); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(img.Ref)
	if err != nil {
		t.Fatal(err)
	}
	// Read back by name, as an engine does, with every digest checked.
	back, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }, &tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(back); err != nil {
		t.Error(err)
	}
	if id, err := back.ConfigName(); err != nil || id.String() != img.ID {
		t.Errorf("it is %v, not %s: %v", id, img.ID, err)
	}
	config, err := back.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c := config.Config; c.User != "65532:65532" || strings.Join(c.Entrypoint, " ") != "/slotstorm" {
		t.Errorf("user %q, entrypoint %q", c.User, c.Entrypoint)
	}
	layers, err := back.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers: %v", len(layers), err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	files := tar.NewReader(r)
	h, err := files.Next()
	if err != nil || h.Name != "slotstorm" || h.Mode != 0o555 {
		t.Fatalf("%+v: %v", h, err)
	}
	got, err := io.ReadAll(files)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the program is not in it as it was")
	}
	if _, err := files.Next(); !errors.Is(err, io.EOF) {
		t.Error("there is more in it than the program")
	}
}

func TestEqualProgramsHaveEqualNames(t *testing.T) {
	refs := map[string]int{}
	for _, source := range []string{hello, hello, strings.Replace(hello, "hello", "hullo", 1)} {
		img, err := Of(build(t, source, "CGO_ENABLED=0"))
		if err != nil {
			t.Fatal(err)
		}
		refs[img.Ref]++
	}
	if len(refs) != 2 {
		t.Errorf("three programs, two of them equal, are %v", refs)
	}
}

func TestWhatCannotRunAloneIsRefused(t *testing.T) {
	text := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		text:      "it is no program for Linux",
		"/bin/sh": "build it with CGO_ENABLED=0",
		"nowhere": "no such file",
	} {
		if _, err := Of(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
