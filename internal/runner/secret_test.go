package runner

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

const secured = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: secured}
seed: 3
cluster: {local: {isolation: none, restartDelay: 3s}}
redis:
  auth: {enabled: true, passwordEnv: SLOTSTORM_TEST_PASSWORD}
  tls: TLS
  config: {cluster-node-timeout: 1000, repl-diskless-sync-delay: 0}
workload:
  rate: 100
  warmup: 1s
  client: CLIENT
  keys: {count: 1000}
  prefill: {keys: 100%}
  audit: {rate: 50, reads: 20}
  probe: {interval: 50ms}
`

const oneKillThroughTLS = `
timeline:
  phases: [{name: calm, duration: 2s}, {name: failure, duration: 12s}]
  faults: [{name: kill, at: 2s, kill: {target: primary of shard 0}}]
`

// Both clients, the prefill, the audit, the probes, the polls and the failover work
// through TLS with a password, with and without certificates of clients and a user, on
// plain loopback and in the room; and the password is in no file. The nodes have no port
// that takes plaintext: whatever were to speak it would have no good reply. The
// end-to-end tests have each way of login and encryption in each place.
func TestTLSWithAPassword(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	const library, wire = "{options: {clusterStateReloadInterval: 1s}}", "{type: wire}"
	for _, c := range []struct {
		name, client string
		sealed       bool
		mutual, kill bool
		auth         string
	}{
		{"go-redis on loopback", library, false, false, false, results.AuthPassword},
		{"wire in the room, mutual", wire, true, true, true, results.AuthUser},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.sealed && !inRoom(t) {
				return
			}
			if !c.sealed {
				beside(t)
			}
			yaml := strings.NewReplacer("CLIENT", c.client, "TLS", fmt.Sprintf("{enabled: true, mutual: %v}", c.mutual)).Replace(secured)
			if c.auth == results.AuthUser {
				yaml = strings.Replace(yaml, "auth: {", "auth: {user: app, ", 1)
			}
			if c.sealed {
				yaml = strings.Replace(yaml, "isolation: none, ", "", 1)
			}
			timeline := threeCalmSeconds
			if c.kill {
				timeline = oneKillThroughTLS
			}
			in := &intruder{t: t, root: t.TempDir(), at: "phase: calm"}
			in.act = func(in *intruder) {
				in.wantTLS(c.mutual)
				volumes, err := filepath.Glob(filepath.Join(in.root, "*", results.VolumesDir))
				if err != nil || len(volumes) != 1 {
					t.Fatalf("volumes: %v %v", volumes, err)
				}
				noSecret(t, volumes[0], password)
			}
			r := start(t, yaml+timeline, Options{Root: in.root, Room: room, Observer: &stageObserver{in}})
			if r.Bundle.Run.Environment.Auth != c.auth {
				t.Errorf("authentication is %q", r.Bundle.Run.Environment.Auth)
			}
			everybodyWasServed(t, r)
			if c.kill {
				failedOver(t, r)
			} else {
				clean(t, r)
				noOutage(t, r)
			}
			noSecret(t, r.Dir, password)
		})
	}
}

// wantTLS looks at every node for a port that takes plaintext, and for one that
// takes a client without the certificate that it should have.
func (in *intruder) wantTLS(mutual bool) {
	confs, err := filepath.Glob(filepath.Join(in.root, "*", results.VolumesDir, "node-*", "redis.conf"))
	if err != nil || len(confs) == 0 {
		in.t.Errorf("no redis.conf: %v", err)
	}
	for _, file := range confs {
		text, err := os.ReadFile(file)
		if err != nil {
			in.t.Error(err)
			continue
		}
		for _, line := range []string{"port 0\n", "tls-cluster yes\n", "tls-replication yes\n"} {
			if !bytes.Contains(text, []byte(line)) {
				in.t.Errorf("%s lacks %q", file, line)
			}
		}
		find := func(directive string) string {
			m := regexp.MustCompile(`(?m)^` + directive + ` (\S+)`).FindSubmatch(text)
			if m == nil {
				in.t.Errorf("%s lacks %s", file, directive)
				return ""
			}
			return string(m[1])
		}
		addr := net.JoinHostPort(find("bind"), find("tls-port"))
		if got := ping(in.t, &net.Dialer{}, addr); strings.HasPrefix(got, "+") || strings.HasPrefix(got, "-") {
			in.t.Errorf("%s answers plaintext: %q", addr, got)
		}
		stranger := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		if got := ping(in.t, stranger, addr); strings.HasPrefix(got, "-NOAUTH") == mutual {
			in.t.Errorf("%s answers a client without a certificate: %q", addr, got)
		}
	}
}

// ping sends PING and gives the answer; empty if the node ended the connection.
func ping(t *testing.T, d interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}, addr string) string {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return ""
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Error(err)
	}
	answer := make([]byte, 64)
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return ""
	}
	n, _ := c.Read(answer) // an end is an answer too
	return string(answer[:n])
}

// everybodyWasServed fails the test for whoever had no good reply: the client, the
// probes, the polls, the audit with its reads and its reading back.
func everybodyWasServed(t *testing.T, r *Result) {
	t.Helper()
	sums, _ := counts(r)
	for name, c := range sums {
		if c.OK < 20 {
			t.Errorf("%s: %+v", name, c)
		}
	}
	probed := map[int]int{}
	for _, f := range r.Bundle.Frames {
		for shard, c := range f.Probes {
			probed[shard] += c.OK
		}
	}
	for shard := range 3 {
		if probed[shard] == 0 {
			t.Errorf("no probe of shard %d was answered: %v", shard, probed)
		}
	}
	if a := r.Bundle.Run.Audit; a == nil || a.OK < 50 || a.ReadBack != a.Writes || len(r.Bundle.Findings) != 0 {
		t.Errorf("audit: %+v, %d findings", a, len(r.Bundle.Findings))
	}
	good := 0
	for _, read := range r.Bundle.Reads {
		if read.Outcome == string(results.OK) {
			good++
		}
	}
	if good == 0 {
		t.Errorf("none of %d audited reads was answered", len(r.Bundle.Reads))
	}
	if !r.Bundle.Run.HealthyAfter {
		t.Error("the cluster is not whole in the end")
	}
}

// noOutage wants a run without faults to have seen no shard go away. A delay on a
// machine that is busy with other runs does not count.
func noOutage(t *testing.T, r *Result) {
	t.Helper()
	for _, o := range append(r.Bundle.Run.ProbeOutages, r.Bundle.Run.ClientOutages...) {
		if o.Open || (o.To-o.From).Std() > 3*time.Second {
			t.Errorf("outage: %+v", o)
		}
	}
}

func failedOver(t *testing.T, r *Result) {
	t.Helper()
	if f := r.Bundle.Run.Faults[0]; f.Status != results.StatusHealed {
		t.Errorf("fault: %s %s", f.Status, f.Reason)
	}
	promoted := false
	for _, e := range r.Bundle.Events {
		promoted = promoted || e.Kind == results.EventPromoted && e.Source == "poll"
	}
	if !promoted || len(r.Summary.Failovers) != 1 {
		t.Errorf("seen by polls: %v, %d failovers", promoted, len(r.Summary.Failovers))
	}
}

// noSecret looks through every file under a folder.
func noSecret(t *testing.T, dir, secret string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte(`s3cret`)) || bytes.Contains(text, []byte("PRIVATE KEY")) {
			t.Errorf("%s holds a secret", path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // a node has replaced it meanwhile
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
