package results

import "testing"

// A pod that was made anew answers from an address that its generator did not know.
func TestNamePods(t *testing.T) {
	b := &Bundle{
		Writes: []Write{
			{Node: "shard-0-0", Done: 1}, {Node: "10.0.0.9:6379", Done: 30}, {Node: "10.0.0.7:6379", Done: 5},
			{Node: "10.0.0.7:6379", Done: 30}, {Node: "10.0.0.99:6379", Done: 30}, {},
		},
		Reads: []AuditRead{{Node: "10.0.0.9:6379", Done: 30}},
	}
	b.Run.Environment.Kubernetes.namePods(b.Writes, b.Reads) // not on Kubernetes
	if b.Writes[1].Node != "10.0.0.9:6379" {
		t.Errorf("%+v", b.Writes[1])
	}
	b.Run.Environment.Kubernetes = &Kubernetes{Pods: []Pod{
		{Name: "shard-0-0", IP: "10.0.0.7", From: 1, To: 10},
		{Name: "shard-0-0", IP: "10.0.0.9", From: 12},
		{Name: "shard-1-1", IP: "10.0.0.7", From: 20}, // an address is given out again
	}}
	b.Run.Environment.Kubernetes.namePods(b.Writes, b.Reads)
	for i, want := range []string{"shard-0-0", "shard-0-0", "shard-0-0", "shard-1-1", "10.0.0.99:6379", ""} {
		if got := b.Writes[i].Node; got != want {
			t.Errorf("write %d was answered by %q, want %q", i, got, want)
		}
	}
	if b.Reads[0].Node != "shard-0-0" {
		t.Errorf("%+v", b.Reads[0])
	}
}
