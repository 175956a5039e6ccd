package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/clusters/image"
)

func (p *program) imageVerb() *cli.Command {
	return &cli.Command{
		Name:      "image",
		Usage:     "write a container image of slotstorm to standard output or to a file",
		UsageText: examples("slotstorm image | docker load", "slotstorm image --output slotstorm.tar"),
		Description: "Writes an image of this program as an archive that Docker and containerd can load, for\n" +
			"example with 'slotstorm image | docker load'. 'slotstorm run --cluster kind' makes and\n" +
			"loads the image itself. For other clusters, push it to a registry from which the\n" +
			"Kubernetes nodes can pull it. The name of the image, which is derived from its content,\n" +
			"is printed to standard error.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the archive to `FILE` instead of standard output"},
		},
		Action: p.image,
	}
}

func (p *program) image(c *cli.Context) (err error) {
	if err := none(c); err != nil {
		return err
	}
	file := c.String("output")
	if file == "-" {
		file = "" // standard output
	}
	if p.shown && file == "" {
		return usagef("the archive is binary: use --output FILE, or slotstorm image | docker load")
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
