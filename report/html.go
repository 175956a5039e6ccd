package report

import (
	"io"

	"github.com/slotstorm/slotstorm/results"
)

func HTML(w io.Writer, b *results.Bundle, s *results.Summary) error { return nil }
