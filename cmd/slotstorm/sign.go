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
	return &cli.StringFlag{Name: "sign", Usage: "sign the run with the Ed25519 private key in the PEM file `KEY`, as 'openssl genpkey -algorithm ed25519' writes it"}
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

// reportKeys are the keys that report signs and verifies with; nil without.
func reportKeys(c *cli.Context) (sign ed25519.PrivateKey, verify ed25519.PublicKey, err error) {
	switch {
	case c.IsSet("sign") && c.IsSet("verify"):
		return nil, nil, usagef("--sign cannot be combined with --verify: sign first, then verify")
	case c.IsSet("sign") && (c.IsSet("format") || c.IsSet("output")):
		return nil, nil, usagef("--sign cannot be combined with --format or --output: those leave the run's folder as it is")
	}
	if sign, err = signingKey(c); err != nil || !c.IsSet("verify") {
		return sign, nil, err
	}
	if verify, err = results.ReadVerifyKey(c.String("verify")); err != nil {
		return nil, nil, &exit{exitInvalid, err}
	}
	return nil, verify, nil
}

// verifySigned checks a run's signature, if there is a key to check it with, and
// says which key it is.
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
	fmt.Fprintf(p.err, "slotstorm: %s is signed by %s, and every file is as it was then\n", dir, name)
	return nil
}

// rewrite renders a run's files anew, and with a key signs it. A signed run stays
// as it is without its key: new files would end the signature.
func (p *program) rewrite(b *results.Bundle, s *results.Summary, key ed25519.PrivateKey) error {
	if b.Seal.Signed && key == nil {
		fmt.Fprintf(p.err, "slotstorm: the files in %s stay as they were: the run is signed; --sign KEY renders and signs it again\n", b.Dir)
		return nil
	}
	err := report.Write(b.Dir, b, s)
	if err == nil && key != nil {
		err = results.Sign(b.Dir, key)
	}
	if err != nil && key == nil {
		// A folder that cannot be written to is no reason to hide the result.
		fmt.Fprintf(p.err, "slotstorm: the files in %s stay as they were: %v\n", b.Dir, err)
		return nil
	}
	return err
}
