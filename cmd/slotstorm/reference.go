package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/slotstorm/slotstorm/internal/explain"
	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/internal/web"
)

// metricsReference prints docs/reference/metrics.md.
func metricsReference(w io.Writer) error {
	fmt.Fprintf(w, "# Metrics\n\n%s\n## Objectives\n\n| metric | measured in | may name | |\n|---|---|---|---|\n", explain.Note)
	for _, m := range metrics.All() {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", m.Name, m.Unit, strings.Join(m.MayName(), ", "), explain.Cell(m.Doc))
	}
	fmt.Fprint(w, "\n## A run in progress\n\n`slotstorm run SCENARIO --serve PORT` serves metrics for Prometheus at `/metrics`. Times are in seconds, and\ncounters start with the run. A Grafana dashboard with these metrics, and with faults as annotations, is in\n[examples/grafana](../../examples/grafana/slotstorm.json).\n\n| metric | labels | |\n|---|---|---|\n")
	for _, m := range web.Metrics() {
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", m.Name, strings.Join(m.Labels, ", "), explain.Cell(m.Help))
	}
	return nil
}
