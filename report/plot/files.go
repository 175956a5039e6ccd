package plot

import (
	"bytes"
	"fmt"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

// Plots writes the plots of a run as PNG files into a bundle: throughput, latency and errors over time, and, if a primary was
// killed, the steps of each failover and their distribution.
func Plots(f *results.Folder, b *results.Bundle, s *results.Summary) error {
	if err := f.Mkdir(doc.PlotsDir); err != nil {
		return err
	}
	for _, p := range append(Timeline(b), Failovers(s)...) {
		c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(pictureWidth+22, p.height+2*rowHeight), vgimg.UseDPI(pngDPI))}
		p.draw(draw.New(c), true)
		var buf bytes.Buffer
		if _, err := c.WriteTo(&buf); err != nil {
			return fmt.Errorf("drawing %s.png: %w", p.File, err)
		}
		if err := f.WriteFile(doc.PlotsDir+"/"+p.File+".png", buf.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// Timeline are the pictures of a run over time, if load was recorded.
func Timeline(b *results.Bundle) []Picture {
	sr := newSeries(b)
	if len(sr.bins) == 0 {
		return nil
	}
	list := []Picture{throughputPicture(b, sr), latencyPicture(b, sr), errorsPicture(b, sr)}
	AlignLeft(list)
	return list
}

// Failovers are the pictures of a run's failovers.
func Failovers(s *results.Summary) []Picture {
	var list []Picture
	if len(drawnFailovers(s)) > 0 {
		list = append(list, stepsPicture(s))
	}
	if s.FailoverStats != nil {
		list = append(list, distributionPicture(s))
	}
	return list
}
