package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/explain"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	for file, args := range map[string][]string{
		"all": nil, "verdicts": {"verdicts"}, "fault": {"kill"}, "metric": {"failover.server"}, "finding": {"unsynced-replica"},
		"target": {"primary", "of", "shard", "0"}, "field": {"timeline.faults[0].kill.away"}, "object": {"workload.prefill"},
	} {
		code, stdout, stderr := do(t, append([]string{"explain"}, args...)...)
		if code != exitOK || stderr != "" {
			t.Errorf("explain %v: exit code %d, %s", args, code, stderr)
		}
		for _, line := range strings.Split(stdout, "\n") {
			if len([]rune(line)) > explainWidth {
				t.Errorf("explain %v: a line is too long: %s", args, line)
			}
		}
		golden(t, "testdata/explain/"+file+".txt", stdout)
	}
}

func TestExplainOfUnknownNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"klil":          `nothing is called "klil"; did you mean kill`,
		"redis.memory9": `nothing is called "redis.memory9"; 'slotstorm explain' lists all names`,
		"primary of it": `nothing is called "primary of it"`,
	} {
		code, stdout, stderr := do(t, "explain", name)
		if code != exitInvalid || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("explain %s: exit code %d, %q, %q", name, code, stdout, stderr)
		}
	}
}

func TestExplainAsJSON(t *testing.T) {
	t.Parallel()
	code, stdout, _ := do(t, "explain", "partition", "--json")
	var one explain.Topic
	if err := json.Unmarshal([]byte(stdout), &one); code != exitOK || err != nil || one.Kind != explain.Fault || len(one.Fields) == 0 {
		t.Errorf("exit code %d, %v: %+v", code, err, one)
	}
	code, stdout, _ = do(t, "explain", "faults", "--json")
	var list []explain.Topic
	if err := json.Unmarshal([]byte(stdout), &list); code != exitOK || err != nil || len(list) < 10 {
		t.Errorf("exit code %d, %v: %d topics", code, err, len(list))
	}
}
