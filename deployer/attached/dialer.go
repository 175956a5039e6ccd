package attached

import (
	"context"
	"fmt"
	"os"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/scenarios"
)

// dialer reaches the nodes with the login and the certificates of the scenario.
func dialer(ctx context.Context, o Options) (dial.Dialer, error) {
	security, err := login(ctx, o)
	if err != nil {
		return dial.Dialer{}, err
	}
	if t := o.Redis.TLS; t != nil && t.Enabled {
		security.TLS = &dial.TLS{ServerName: o.At.ServerName}
		for _, f := range []struct {
			path string
			from *scenarios.SecretEntry
			to   *[]byte
		}{
			{o.At.CAFile, o.At.CAFrom, &security.TLS.CA}, {o.At.CertFile, o.At.CertFrom, &security.TLS.Cert}, {o.At.KeyFile, o.At.KeyFrom, &security.TLS.Key},
		} {
			switch {
			case f.from != nil:
				*f.to, err = entry(ctx, o, f.from)
			case f.path != "":
				*f.to, err = os.ReadFile(f.path)
			}
			if err != nil {
				return dial.Dialer{}, err
			}
		}
	}
	d, err := dial.New(security)
	if err == nil && o.Pods != nil {
		d = d.Via(o.Pods.Dial)
	}
	return d, err
}

// login is the user and the password, from a Secret or from the environment.
func login(ctx context.Context, o Options) (s dial.Security, err error) {
	if o.At.PasswordFrom == nil {
		return deployer.Login(o.Redis.Auth)
	}
	if a := o.Redis.Auth; a != nil && a.Enabled {
		s.Username = a.User
	}
	for _, f := range []struct {
		from *scenarios.SecretEntry
		to   *string
	}{{o.At.UsernameFrom, &s.Username}, {o.At.PasswordFrom, &s.Password}} {
		if f.from == nil {
			continue
		}
		raw, err := entry(ctx, o, f.from)
		if err != nil {
			return dial.Security{}, err
		}
		*f.to = string(raw)
	}
	return s, nil
}

func entry(ctx context.Context, o Options, e *scenarios.SecretEntry) ([]byte, error) {
	raw, err := o.Pods.Secret(ctx, e.Secret, e.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	return raw, nil
}
