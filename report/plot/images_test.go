package plot

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

func TestPlotsAreImages(t *testing.T) {
	dir := t.TempDir()
	b := fixture.Repeated()
	f, err := results.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Plots(f, b, summary(t, b)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"throughput", "latency", "errors", "failovers", "distribution"} {
		f, err := os.Open(filepath.Join(dir, doc.PlotsDir, name+".png"))
		if err != nil {
			t.Error(err)
			continue
		}
		img, err := png.Decode(f)
		f.Close()
		if err != nil || img.Bounds().Dx() < 1500 {
			t.Errorf("%s: %v, %v", name, img.Bounds(), err)
		}
	}
}
