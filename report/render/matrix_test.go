package render

import (
	"bytes"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

func TestMatrixGolden(t *testing.T) {
	var runs []judge.Judged
	for _, run := range []struct {
		bundle        *results.Bundle
		timeout, wait string
	}{
		{fixture.Quiet(), "1000", "null"},
		{fixture.Killed(), "1000", "{replicas: 1, timeout: 500ms}"},
		{fixture.Lossy(), "4000", "null"},
	} {
		run.bundle.Run.Matrix = []results.Setting{{Field: "redis.config.cluster-node-timeout", Value: run.timeout}, {Field: "workload.audit.wait", Value: run.wait}}
		runs = append(runs, judge.Judged{Run: &run.bundle.Run, Summary: summary(t, run.bundle)})
	}
	var out bytes.Buffer
	if err := matrixOf(&out, runs); err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, "matrix.txt", out.Bytes())
}
