package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/clusters/image"
)

func (p *program) imageVerb() *cli.Command {
	return &cli.Command{
		Name:  "image",
		Usage: "write this program as a container image",
		Description: "Packs the running program into an image, as runs on kind do by themselves, and writes\n" +
			"it as an archive that Docker and containerd load: slotstorm image | docker load. On\n" +
			"other clusters generators need an image that the nodes can pull. Its name goes to\n" +
			"standard error, and derives from its content.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the archive to `FILE`, not to standard output"},
		},
		Action: p.image,
	}
}

func (p *program) image(c *cli.Context) (err error) {
	if err := none(c); err != nil {
		return err
	}
	file := c.String("output")
	if p.shown && file == "" {
		return usagef("an archive is nothing for a terminal: say --output FILE, or slotstorm image | docker load")
	}
	img, err := image.Self()
	if err != nil {
		return err
	}
	w := p.data
	if file != "" {
		f, err := os.Create(file)
		if err != nil {
			return fmt.Errorf("writing the image: %w", err)
		}
		defer func() {
			if cerr := f.Close(); err == nil && cerr != nil {
				err = fmt.Errorf("writing the image: %w", cerr)
			}
		}()
		w = f
	}
	if err := img.Archive(w); err != nil {
		return err
	}
	if !p.quiet {
		fmt.Fprintln(p.err, img.Ref)
	}
	return nil
}
