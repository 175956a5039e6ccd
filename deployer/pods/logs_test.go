package pods

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
)

// wire is the way on which the logs of one pod come: what each kind of request for them
// gives, one after the other; the last stands for all that follow.
type wire struct {
	mu    sync.Mutex
	gives map[string][]string
	asked chan string
	// meanwhile happens before the first stream breaks.
	meanwhile func()
}

// Ends of what a request gives.
const (
	breaks  = "!" // the connection breaks
	refused = "?" // there is no answer
	goesOn  = "…" // the container runs
)

func (w *wire) log(ctx context.Context, r kubetest.LogRequest, out io.Writer) error {
	kind := "all"
	switch {
	case r.Previous:
		kind = "previous"
	case r.Follow:
		kind = "follow"
	}
	w.mu.Lock()
	text := w.gives[kind][0]
	if len(w.gives[kind]) > 1 {
		w.gives[kind] = w.gives[kind][1:]
	}
	w.mu.Unlock()
	select {
	case w.asked <- kind:
	default:
	}
	for _, line := range strings.Fields(strings.TrimRight(text, breaks+refused+goesOn)) {
		n := int(line[0] - '0')
		// Of a far day: lines from before the recording are left out.
		if _, err := fmt.Fprintf(out, "2100-01-01T10:00:%02d.5Z %s\n", n, line); err != nil {
			return err
		}
	}
	switch {
	case strings.HasSuffix(text, breaks):
		w.meanwhile()
		panic(http.ErrAbortHandler)
	case strings.HasSuffix(text, refused):
		return errors.New("no kubelet")
	case strings.HasSuffix(text, goesOn):
		<-ctx.Done()
	}
	return nil
}

// TestLogsOverStreamsThatBreak follows the log of one pod over streams that break, and says
// so where lines are lost.
func TestLogsOverStreamsThatBreak(t *testing.T) {
	t.Parallel()
	again, replaced := theirPod("redis-7", "u7", "server"), theirPod("redis-7", "u8", "server")
	again.Status.ContainerStatuses[0].ContainerID, again.Status.ContainerStatuses[0].RestartCount = "c-again", 1
	replaced.Status.ContainerStatuses[0].ContainerID = "c-new"
	for name, tc := range map[string]struct {
		gives map[string][]string
		then  *api.Pod // after the first stream broke
		want  string
		cut   string
	}{
		"the container goes on":      {map[string][]string{"follow": {"1 2!", "1 2 3 4…"}, "all": {"1 2 3 4"}}, nil, "1 2 3 4", ""},
		"it restarted in its pod":    {map[string][]string{"follow": {"1!", "3 4…"}, "previous": {"1 2"}, "all": {"3 4"}}, again, "1 2 3 4", ""},
		"its log went with its pod":  {map[string][]string{"follow": {"1!", "3 4…"}, "all": {"3 4"}}, replaced, "1 3 4", "its log may lack lines after 10:00:01.500: pod u7 ended while its log could not be followed"},
		"the end came at the second": {map[string][]string{"follow": {"1…"}, "all": {"?", "1 2"}}, nil, "1 2", ""},
		"the end never came":         {map[string][]string{"follow": {"1…"}, "all": {"?"}}, nil, "1", "its log may lack lines after 10:00:01.500: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			streams := len(tc.gives["follow"])
			w := &wire{gives: tc.gives, asked: make(chan string, 100)}
			s := kubetest.New(t, theirPod("redis-7", "u7", "server"))
			s.Log = w.log
			found := followThem(t, s, "")
			w.meanwhile = func() {
				if tc.then != nil {
					replace(t, s, tc.then)
					_, err := found.pods.await(t.Context(), "redis-7", "the new container", func(p Pod) bool { return p.ContainerID == tc.then.Status.ContainerStatuses[0].ContainerID })
					if err != nil {
						t.Error(err)
					}
				}
			}
			var mu sync.Mutex
			cut := ""
			found.Record([]deployer.Node{{Name: "redis-7"}}, t.TempDir(), func(e results.Event) {
				mu.Lock()
				defer mu.Unlock()
				if e.Kind == results.EventLogCut {
					cut += e.Message
				}
			})
			for range streams {
				await(t, w.asked, "follow")
			}
			text := readWhole(t, found)
			if got := strings.Join(strings.Fields(text), " "); got != tc.want {
				t.Errorf("the log is %q, want %q", got, tc.want)
			}
			mu.Lock()
			defer mu.Unlock()
			if !strings.HasPrefix(cut, tc.cut) || (tc.cut == "") != (cut == "") {
				t.Errorf("event %q, want %q", cut, tc.cut)
			}
		})
	}
}

func await(t *testing.T, asked <-chan string, kind string) {
	t.Helper()
	for limit := time.After(30 * time.Second); ; {
		select {
		case k := <-asked:
			if k == kind {
				return
			}
		case <-limit:
			t.Fatalf("no request to %s the log", kind)
		}
	}
}

// replace puts a pod in the place of one of the same name.
func replace(t *testing.T, s *kubetest.Server, pod *api.Pod) {
	t.Helper()
	pods := s.Objects.CoreV1().Pods(pod.Namespace)
	now, err := pods.Get(t.Context(), pod.Name, api.GetOptions{})
	if err != nil {
		t.Error(err)
		return
	}
	if now.UID == types.UID(pod.UID) {
		_, err = pods.UpdateStatus(t.Context(), pod, api.UpdateOptions{})
	} else if err = pods.Delete(t.Context(), pod.Name, api.DeleteOptions{}); err == nil {
		_, err = pods.Create(t.Context(), pod, api.CreateOptions{})
	}
	if err != nil {
		t.Error(err)
	}
}

func readWhole(t *testing.T, found *Theirs) string {
	t.Helper()
	log, err := found.Log(t.Context(), "redis-7")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	raw, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A server writes the time of its container's zone; the copy of its log is in UTC.
func TestLinesOfAnotherZone(t *testing.T) {
	at := time.Date(2026, 11, 29, 22, 30, 4, 996e6, time.UTC)
	for line, want := range map[string]string{
		"16:S 29 Nov 2026 22:30:04.995 # text":               "16:S 29 Nov 2026 22:30:04.995 # text",
		"16:S 30 Nov 2026 06:30:04.995 * 06:30 text\n":       "16:S 29 Nov 2026 22:30:04.995 * 06:30 text\n",
		"16:M 29 Nov 2026 17:30:02.100 * it came 2.9 s late": "16:M 29 Nov 2026 22:30:02.100 * it came 2.9 s late",
		"16:M 30 Nov 2026 04:15:04.995 * Kathmandu":          "16:M 29 Nov 2026 22:30:04.995 * Kathmandu",
		"16:M 99 Nov 2026 04:15:04.995 * no time":            "16:M 99 Nov 2026 04:15:04.995 * no time",
		"another text": "another text",
		"":             "",
	} {
		if got := inUTC(line, at); got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}
