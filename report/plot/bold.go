package plot

import (
	"golang.org/x/image/font"
	"gonum.org/v1/plot/text"
)

func bold(st text.Style) text.Style {
	st.Font.Weight = font.WeightBold
	return st
}
