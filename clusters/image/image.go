// Package image packs the running program into a container image, in memory:
//
//	the program's own file ─▶ one layer ─▶ image, named by its content ─▶ archive
//
// There is no Dockerfile, no registry and no container engine in it. The archive
// is what "docker save" writes: Docker, containerd and kind load it.
package image

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// Repository is the name of images without their tag. The host localhost
	// keeps a node from looking for it in a registry.
	Repository = "localhost/slotstorm"
	// User is who the program runs as, and has no rights: a number, so that "run as
	// non-root" can be verified.
	User = 65532
	// Program is where the program is in the image.
	Program = "/slotstorm"
)

// Image is a program as an image.
type Image struct {
	// Ref is the image's name: Repository with a tag that derives from its
	// content. Equal programs have equal names.
	Ref string
	// ID is the digest of its configuration, by which engines know it.
	ID string

	image v1.Image
	tag   name.Tag
}

// Self packs the running program.
func Self() (*Image, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("this program is for %s, and containers need one for Linux", runtime.GOOS)
	}
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program's own file: %w", err)
	}
	return Of(path)
}

// Of packs a program: a static ELF file for this machine's architecture.
func Of(path string) (*Image, error) {
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("packing the program: %w", err)
	}
	if err := standsAlone(program); err != nil {
		return nil, fmt.Errorf("packing %s: %w", path, err)
	}
	layer, err := layerOf(program)
	if err != nil {
		return nil, fmt.Errorf("packing %s: %w", path, err)
	}
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(layer, types.DockerUncompressedLayer))
	if err != nil {
		return nil, fmt.Errorf("packing %s: %w", path, err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("packing %s: %w", path, err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Entrypoint = []string{Program}
	config.Config.User = fmt.Sprintf("%d:%d", User, User)
	config.Config.WorkingDir = "/"
	config.Config.Labels = map[string]string{"org.opencontainers.image.title": "slotstorm"}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, fmt.Errorf("packing %s: %w", path, err)
	}
	id, err := img.ConfigName()
	if err != nil {
		return nil, fmt.Errorf("packing %s: %w", path, err)
	}
	tag, err := name.NewTag(Repository + ":" + id.Hex[:16])
	if err != nil {
		return nil, fmt.Errorf("packing %s: %w", path, err)
	}
	return &Image{Ref: tag.String(), ID: id.String(), image: img, tag: tag}, nil
}

// Archive writes the image as an archive for "docker load", "ctr images import"
// and kind.
func (i *Image) Archive(w io.Writer) error {
	if err := tarball.Write(i.tag, i.image, w); err != nil {
		return fmt.Errorf("writing image %s: %w", i.Ref, err)
	}
	return nil
}

// standsAlone reports whether a program runs without shared libraries.
func standsAlone(program []byte) error {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return fmt.Errorf("it is no program for Linux: %w", err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("it needs shared libraries, and an image of it would have none: build it with CGO_ENABLED=0, as 'make build' does")
		}
	}
	return nil
}

// layerOf is an archive with the program in it. It has no times, so that equal
// programs give equal layers.
func layerOf(program []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(program) + 4096)
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: Program[1:], Mode: 0o555, Size: int64(len(program))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
