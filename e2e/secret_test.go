//go:build e2e && linux

package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/deployer"
)

// encryptedRedis is a server that wants TLS and a password: its address, and the
// file of the authority.
func encryptedRedis(t *testing.T, password string) (addr, ca string) {
	t.Helper()
	certificates, err := deployer.NewCertificates(false)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{"ca.crt": certificates.CA, "tls.crt": certificates.Cert, "tls.key": certificates.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, ca = l.Addr().String(), filepath.Join(dir, "ca.crt")
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	cmd := exec.Command("redis-server", "--port", "0", "--tls-port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir, "--requirepass", password,
		"--tls-ca-cert-file", ca, "--tls-cert-file", filepath.Join(dir, "tls.crt"), "--tls-key-file", filepath.Join(dir, "tls.key"), "--tls-auth-clients", "no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
	})
	await(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return addr, ca
}

// Both clients drive a server that wants TLS and a password, and say what is wrong
// when one of them is missing.
func TestLoadThroughTLSWithAPassword(t *testing.T) {
	t.Parallel()
	const password = "correct-horse"
	addr, ca := encryptedRedis(t, password)
	for _, client := range []string{"wire", "go-redis"} {
		for _, tc := range []struct {
			name, password string
			args           []string
			want           string // in what is printed; "" is success
		}{
			{"all is given", password, []string{"--tls", "--tls-ca", ca, "--sni", deployer.ServerName}, ""},
			{"no authority", password, []string{"--tls"}, "certificate"},
			{"another name", password, []string{"--tls", "--tls-ca", ca}, "certificate"},
			{"a wrong password", "wrong", []string{"--tls", "--tls-ca", ca, "--sni", deployer.ServerName}, "WRONGPASS"},
			{"no password", "", []string{"--tls", "--tls-ca", ca, "--sni", deployer.ServerName}, "NOAUTH"},
			{"no TLS", password, nil, addr},
		} {
			t.Run(client+"/"+tc.name, func(t *testing.T) {
				t.Parallel()
				s := newSandbox(t)
				cmd, out, errs := s.command(append([]string{"load", addr, "--client", client, "--rate", "200", "--test-time", "1s"}, tc.args...)...)
				cmd.Env = append(cmd.Environ(), "REDISCLI_AUTH="+tc.password)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				awaitEnd(t, cmd, errs)
				code, text := cmd.ProcessState.ExitCode(), out.String()+errs.String()
				if tc.want == "" && (code != 0 && code != 5 || !strings.Contains(text, "GET")) {
					t.Errorf("exit code %d: %s", code, text)
				}
				if tc.want != "" && (code == 0 || !strings.Contains(text, tc.want)) {
					t.Errorf("exit code %d, and no word of %s: %s", code, tc.want, text)
				}
				if strings.Contains(text, password) {
					t.Errorf("the password is printed: %s", text)
				}
			})
		}
	}
}
