package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/results"
)

func signFlag() cli.Flag {
	return &cli.StringFlag{Name: "sign", Usage: "sign the run with the Ed25519 private key in the PEM file `KEY`, made with 'openssl genpkey -algorithm ed25519'"}
}

// signingKey is the key of --sign; nil without the flag.
func signingKey(c *cli.Context) (ed25519.PrivateKey, error) {
	if !c.IsSet("sign") {
		return nil, nil
	}
	key, err := results.ReadSigningKey(c.String("sign"))
	if err != nil {
		return nil, &exit{exitInvalid, err}
	}
	return key, nil
}

// reportKeys are the keys of --sign and --verify; nil without the flag.
func reportKeys(c *cli.Context) (sign ed25519.PrivateKey, verify ed25519.PublicKey, err error) {
	switch {
	case c.IsSet("sign") && c.IsSet("verify"):
		return nil, nil, usagef("--sign cannot be combined with --verify: sign first, then verify")
	case c.IsSet("sign") && (c.IsSet("format") || c.IsSet("output")):
		return nil, nil, usagef("--sign cannot be combined with --format or --output, which leave the folder of the run unchanged")
	}
	if sign, err = signingKey(c); err != nil || !c.IsSet("verify") {
		return sign, nil, err
	}
	if verify, err = results.ReadVerifyKey(c.String("verify")); err != nil {
		return nil, nil, &exit{exitInvalid, err}
	}
	return nil, verify, nil
}

// verifySigned checks the signature of a run, and prints the fingerprint of the key. It
// does nothing without a key.
func (p *program) verifySigned(dir string, key ed25519.PublicKey) error {
	if key == nil {
		return nil
	}
	err := results.VerifySigned(dir, key)
	if errors.Is(err, results.ErrSignature) || errors.Is(err, results.ErrNotSealedWhole) {
		return &exit{exitFailed, err}
	}
	if err != nil {
		return err
	}
	name, err := results.Fingerprint(key)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.err, "slotstorm: %s is signed by %s, and no file was changed since\n", dir, name)
	return nil
}

// rewrite renders the files of a run again, and signs it if there is a key. Without a key
// a signed run stays unchanged: new files would invalidate the signature.
func (p *program) rewrite(b *results.Bundle, s *results.Summary, key ed25519.PrivateKey) error {
	if b.Seal.Signed && key == nil {
		fmt.Fprintf(p.err, "slotstorm: the files in %s were not changed, because the run is signed; render and sign it again with --sign KEY\n", b.Dir)
		return nil
	}
	err := report.Write(b.Dir, b, s)
	if err == nil && key != nil {
		err = results.Sign(b.Dir, key)
	}
	if err != nil && key == nil {
		// The result is worth printing even if the folder is read-only.
		fmt.Fprintf(p.err, "slotstorm: the files in %s were not changed: %v\n", b.Dir, err)
		return nil
	}
	return err
}
