package processes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/clusters/local/disk"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
)

// keepKey puts the key of the cluster's certificate where nodes read it.
func (d *Deployment) keepKey() (err error) {
	if d.certificates == nil {
		return nil
	}
	d.key, err = local.NewSecret(d.certificates.Key, func(folder string) error {
		return d.journal(results.JournalEntry{Step: "secret", Folder: folder, Why: "the key of the run's certificate"})
	})
	return err
}

// serveDisks starts the process that serves the volumes, if they need one.
func (d *Deployment) serveDisks() error {
	if !d.options.Disks {
		return nil
	}
	self, err := os.Executable()
	if err == nil {
		d.disks, err = disk.Start(self, disk.Verb)
	}
	return err
}

// removeDisks makes the volumes folders again, and ends the process that served them.
func (d *Deployment) removeDisks() error {
	var errs []error
	for _, n := range d.nodes {
		if n.disk != nil {
			errs = append(errs, n.disk.Unmount())
		}
	}
	if d.disks != nil {
		errs = append(errs, d.disks.Close())
	}
	return errors.Join(errs...)
}

// furnish makes a node's volume with its redis.conf, and opens its log.
func (d *Deployment) furnish(n *node) (err error) {
	if err = os.MkdirAll(n.dir, 0o700); err != nil {
		return err
	}
	if size := d.options.VolumeSize; size > 0 {
		if err := local.BoundVolume(n.dir, size); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(d.LogPath(n.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	n.log = log
	if c := d.certificates; c != nil {
		for name, pem := range map[string][]byte{"ca.crt": c.CA, "tls.crt": c.Cert} {
			if err := os.WriteFile(filepath.Join(n.dir, name), pem, 0o600); err != nil {
				return err
			}
		}
	}
	if err := os.WriteFile(filepath.Join(n.dir, "redis.conf"), []byte(d.config(n)), 0o600); err != nil {
		return err
	}
	if d.disks != nil {
		// A power failure does not take the files that exist already.
		n.disk, err = d.disks.Mount(n.dir)
	}
	return err
}

// config is a node's redis.conf, in its volume. It holds no secrets.
func (d *Deployment) config(n *node) string {
	var b strings.Builder
	set := func(directive, value string) { b.WriteString(deployer.Directive(directive, value)) }
	if c := d.certificates; c != nil {
		b.WriteString(deployer.TLSDirectives(n.endpoint.Port, n.dir, c.Mutual()))
	} else {
		set("port", fmt.Sprint(n.endpoint.Port))
	}
	set("bind", n.endpoint.Host)
	// Without these two, nodes on loopback addresses introduce themselves with
	// an address that is not theirs, and MEET never completes.
	set("bind-source-addr", n.endpoint.Host)
	set("cluster-announce-ip", n.endpoint.Host)
	if d.options.Redis.Hostnames() {
		set("cluster-announce-hostname", hostname(n.number))
	}
	set("protected-mode", "no")
	set("daemonize", "no")
	set("cluster-enabled", "yes")
	set("cluster-config-file", "nodes.conf")
	set("dir", n.dir)
	set("logfile", "") // standard output
	b.WriteString(deployer.Directives(d.options.Redis.ConfigOf(n.number)))
	b.WriteString(deployer.Renames(d.options.Redis.RenameCommands))
	return b.String()
}

// secrets are the directives that a node reads from standard input: they are in no
// file, no argument and no environment. They come after those of redis.conf and
// replace them, as its tls-key-file, which names a file that does not exist.
func (d *Deployment) secrets() []byte {
	var b strings.Builder
	if d.key != nil {
		b.WriteString(deployer.Directive("tls-key-file", d.key.Path()))
	}
	b.WriteString(deployer.LoginDirectives(d.Dialer.Security()))
	return []byte(b.String())
}
