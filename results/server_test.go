package results

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// infos are the beginnings of INFO of real servers.
var infos = map[string]string{
	"Redis 7.0.15":  "# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:00000000\r\nredis_mode:cluster\r\n",
	"Redis 8.0.2":   "# Server\r\nredis_version:8.0.2\r\nredis_git_sha1:00000000\r\nredis_mode:cluster\r\n",
	"Valkey 8.1.1":  "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\nvalkey_release_stage:ga\r\nserver_mode:cluster\r\n",
	"Valkey 9.1.2":  "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\nvalkey_release_stage:ga\r\nserver_mode:cluster\r\n",
	"Redis 7.2.4":   "# Server\r\nredis_version:7.2.4\r\nredis_mode:cluster\r\n",
	"Redis 6.2.14":  "# Server\nredis_version:6.2.14\nserver_name:\n",
	"Redis 7.2.5":   "# Server\r\nredis_version:7.2.5\r\nserver_name:other\r\n",
	"":              "",
	"Another 1.2.3": "redis_version:7.2.4\r\nserver_name:another\r\nanother_version:1.2.3\r\n",
}

func TestServerOfInfo(t *testing.T) {
	for want, info := range infos {
		if got := ServerOfInfo(info).String(); got != want {
			t.Errorf("%q is %q, want %q", info, got, want)
		}
	}
}

func TestServerOfOutput(t *testing.T) {
	for text, want := range map[string]string{
		"Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=e08dbad3e06f3fb\n": "Redis 7.0.15",
		"Valkey server v=9.1.2 sha=00000000:0 malloc=jemalloc-5.3.1 bits=64 build=9108e8f1788612b":   "Valkey 9.1.2",
		"Redis server v=255.255.255 sha=5d0d64b0:0 malloc=libc bits=64 build=1":                      "Redis 255.255.255",
		"Redis server v=x":                      "",
		"psql (PostgreSQL) 15.3":                "",
		"usage: Redis server v=7.0.15 is wrong": "",
	} {
		if got, ok := ServerOfOutput(text); got.String() != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestServerAtLeast(t *testing.T) {
	for version, want := range map[string]bool{"9.1.2": true, "9.1": true, "10.0.0": true, "9.0.9": false, "8.10.0": false, "": false, "9": false, "x.y": false} {
		if got := (Server{ProductValkey, version}).AtLeast(9, 1); got != want {
			t.Errorf("%q is at least 9.1: %v", version, got)
		}
	}
}

// TestServersOfOlderBundles: they have the version of Redis as a string.
func TestServersOfOlderBundles(t *testing.T) {
	var r Run
	if err := json.Unmarshal([]byte(`{"versions": {"slotstorm": "v0.1.0", "redis": "7.0.15"}, "upgrade": {"from": "7.0.15", "to": "8.0.2", "forward": {"steps": [{"version": "8.0.2"}]}}}`), &r); err != nil {
		t.Fatal(err)
	}
	old, next := Server{ProductRedis, "7.0.15"}, Server{ProductRedis, "8.0.2"}
	if r.Versions.Server != old || r.Versions.Slotstorm != "v0.1.0" || r.Upgrade.From != old || r.Upgrade.To != next || r.Upgrade.Forward.Steps[0].Server != next {
		t.Errorf("%+v, %+v", r.Versions, r.Upgrade)
	}
	raw, err := json.Marshal(Run{Versions: Versions{Server: Server{ProductValkey, "9.1.2"}}, Upgrade: &Upgrade{From: old}})
	if err != nil {
		t.Fatal(err)
	}
	var again Run
	if err := json.Unmarshal(raw, &again); err != nil || again.Versions.Server.String() != "Valkey 9.1.2" || again.Upgrade.From != old || again.Upgrade.To != (Server{}) {
		t.Errorf("%v: %+v, %+v", err, again.Versions, again.Upgrade)
	}
}

// TestServerOfAnOlderBundleOfValkey: its record says 7.2.4, its nodes' INFO what they
// were.
func TestServerOfAnOlderBundleOfValkey(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "nodes"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "nodes", "node-0.before.txt"), []byte(infos["Valkey 9.1.2"]), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, tt := range []struct {
		version, node, want string
	}{
		{"7.2.4", "node-0", "Valkey 9.1.2"},
		{"7.2.4", "node-1", "Redis 7.2.4"},
		{"7.2.4", "../node-0", "Redis 7.2.4"},
		{"7.0.15", "node-0", "Redis 7.0.15"},
	} {
		if got := server1(Server{ProductRedis, tt.version}, []Node{{Name: tt.node}}, f.ReadFile).String(); got != tt.want {
			t.Errorf("%s with INFO of %s is %s, want %s", tt.version, tt.node, got, tt.want)
		}
	}
}
