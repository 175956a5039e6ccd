package report

import (
	"bytes"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

func TestMatrixGolden(t *testing.T) {
	var runs []Judged
	for _, run := range []struct {
		bundle        *results.Bundle
		timeout, wait string
	}{
		{quiet(), "1000", "null"},
		{killed(), "1000", "{replicas: 1, timeout: 500ms}"},
		{lossy(), "4000", "null"},
	} {
		run.bundle.Run.Matrix = []results.Setting{{Field: "redis.config.cluster-node-timeout", Value: run.timeout}, {Field: "workload.audit.wait", Value: run.wait}}
		runs = append(runs, Judged{Run: &run.bundle.Run, Summary: summary(t, run.bundle)})
	}
	var out bytes.Buffer
	if err := Matrix(&out, runs); err != nil {
		t.Fatal(err)
	}
	golden(t, "matrix.txt", out.Bytes())
}
