package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer/rdb"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

// fromFile is the small run with the keys of a file.
func fromFile(file string) string {
	return small + fmt.Sprintf("  mix: [{command: GET, weight: 1}]\n  prefill: {from: %q}\n", file) + threeCalmSeconds
}

// A run begins with the keys of an RDB file: every read of them is a hit.
func TestTheKeysOfAFile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	dir := t.TempDir()
	addr, _ := redistest.Start(t, "--dir", dir)
	cl := redis.NewClient(&redis.Options{Addr: addr})
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	pipe := cl.Pipeline()
	for i := range 1000 {
		pipe.Set(ctx, fmt.Sprintf("key:%d", i), "of the file", time.Hour)
	}
	_, err := pipe.Exec(ctx)
	if err := errors.Join(err, cl.Save(ctx).Err()); err != nil {
		t.Fatal(err)
	}
	r := start(t, fromFile(filepath.Join(dir, "dump.rdb")), Options{})
	if set := r.Bundle.Run.DataSet; set == nil || set.Keys != 1000 || set.File != "dump.rdb" {
		t.Errorf("the data set is %+v", set)
	}
	sums, _ := counts(r)
	if c := sums["GET"]; c.OK == 0 || c.Hits != c.OK || c.Misses != 0 {
		t.Errorf("the reads are %+v", c)
	}
	if report, err := os.ReadFile(filepath.Join(r.Dir, "report.md")); err != nil || !strings.Contains(string(report), "dump.rdb: 1,000 keys, ") {
		t.Errorf("the report does not name the data set: %v", err)
	}
	agrees(t, r)
}

// A file that is no RDB file ends the run before anything is deployed.
func TestAFileThatIsNoDataSet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dump.rdb")
	if err := os.WriteFile(file, []byte("SELECT * FROM users"), 0o400); err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("test.yaml", []byte(fromFile(file)))
	if err != nil {
		t.Fatal(err)
	}
	var stages stagesSeen
	_, err = Run(t.Context(), s, Options{Root: t.TempDir(), Observer: &stages})
	if !errors.Is(err, rdb.ErrFile) || strings.Contains(stages.text, "deploy") {
		t.Errorf("the error is %v, after %q", err, stages.text)
	}
}

// stagesSeen are the stages of a run.
type stagesSeen struct{ text string }

func (s *stagesSeen) Observe(p Progress) { s.text += p.Stage + "\n" }
