package plot

import (
	"fmt"
	"image/color"
	"regexp"
	"strings"
)

// Ink is a colour of the plots: its name is the CSS variable that replaces it
// where a page shows the plot, so that dark pages get their own shade.
type Ink struct {
	Name string
	rgb  color.NRGBA
}

func hex(name string, rgb uint32) Ink {
	return Ink{name, color.NRGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), 255}}
}

// see makes an ink see-through.
func see(i Ink, alpha uint8) Ink {
	i.rgb.A = alpha
	return i
}

// The palette on white. Lines and bars differ in lightness as well as in hue,
// so they stay apart for the colour-blind and on paper.
var (
	inkPaper    = hex("paper", 0xffffff)
	inkText     = hex("ink", 0x1c2128)
	inkMuted    = hex("muted", 0x59636e)
	inkGrid     = hex("grid", 0xe2e6ea)
	inkOK       = hex("c-ok", 0x2563c9)
	inkOKFill   = see(hex("c-area", 0x3573dc), 0x1c)
	inkDue      = hex("c-due", 0x8a94a0)
	inkP50      = hex("c-p50", 0x0b8f83)
	inkP99      = hex("c-p99", 0xc4600c)
	inkP999     = hex("c-p999", 0x7a35b5)
	inkFailed   = hex("c-failed", 0xc6302b)
	inkUnknown  = hex("c-unknown", 0xe0a021)
	inkOverflow = hex("c-overflow", 0x6f7a86)
	inkWarmup   = hex("c-warmup", 0xf1f3f5)
	inkFault    = hex("c-fault", 0xfdf1d3)
	inkOutage   = hex("c-outage", 0xfbdcd8)
	inkPredict  = hex("c-predict", 0xe3eefc)
	inkStep1    = hex("c-step1", 0x41587c)
	inkStep2    = hex("c-step2", 0x3f8fb5)
	inkStep3    = hex("c-step3", 0xe5b94e)
	inkStep4    = hex("c-step4", 0xd0703c)
	inkStep5    = hex("c-step5", 0x8c4a86)
	inkSideA    = hex("c-side-a", 0x2a62c4)
	inkSideB    = hex("c-side-b", 0xcf5a12)
)

func inks() []Ink {
	return []Ink{inkPaper, inkText, inkMuted, inkGrid, inkOK, inkOKFill, inkDue, inkP50, inkP99, inkP999, inkFailed, inkUnknown,
		inkOverflow, inkWarmup, inkFault, inkOutage, inkPredict, inkStep1, inkStep2, inkStep3, inkStep4, inkStep5,
		inkSideA, inkSideB}
}

// stepInks colour serverSteps, in order.
func stepInks() []Ink { return []Ink{inkStep1, inkStep2, inkStep3, inkStep4, inkStep5} }

// written is the colour as vgsvg writes it: it truncates where it might round.
func (i Ink) written() string {
	r, g, b, alpha := i.rgb.RGBA()
	a := 255.0 / float64(alpha)
	return fmt.Sprintf("#%02X%02X%02X", int(float64(r)*a), int(float64(g)*a), int(float64(b)*a))
}

var (
	svgProlog = regexp.MustCompile(`(?s)^.*?<svg [^>]*viewBox="([^"]*)"[^>]*>`)
	svgFont   = regexp.MustCompile(`font-family:[^;"]*;font-variant:[^;"]*;font-weight:(\w+);font-style:\w+;`)
	svgBlanks = regexp.MustCompile(`\s*\n\s*`)
)

// themed turns a standalone SVG into one for a page: colours become variables,
// the size comes from the page, and fonts are ones that are metrically like
// that which the plot was laid out with.
func themed(svg, label string) string {
	svg = svgProlog.ReplaceAllString(svg, `<svg viewBox="$1" role="img" aria-label="`+strings.ReplaceAll(label, "$", "$$")+`" font-family="Liberation Sans,Arimo,Arial,Helvetica,sans-serif">`)
	svg = svgFont.ReplaceAllString(svg, `font-weight:$1;`)
	svg = strings.ReplaceAll(svg, "font-weight:normal;", "")
	var pairs []string
	for _, i := range inks() {
		pairs = append(pairs, i.written(), "var(--"+i.Name+")")
	}
	svg = strings.NewReplacer(pairs...).Replace(svg)
	return strings.TrimSpace(svgBlanks.ReplaceAllString(svg, " "))
}
