package results

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// ErrSignature marks a bundle whose signature is missing or does not fit.
var ErrSignature = errors.New("the signature does not hold")

// maxKey bounds a key file; PEM files of Ed25519 have about 120 bytes.
const maxKey = 64 << 10

// ReadSigningKey reads an Ed25519 private key, as 'openssl genpkey -algorithm
// ed25519' writes it (PEM, PKCS #8). Like ssh it refuses a key of the user's own
// that others can read.
func ReadSigningKey(file string) (ed25519.PrivateKey, error) {
	block, st, err := readPEM(file, "PRIVATE KEY")
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	if own, ok := st.Sys().(*syscall.Stat_t); ok && int(own.Uid) == os.Getuid() && st.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("reading the signing key: others can read %s (mode %04o); run: chmod 600 %[1]s", file, st.Mode().Perm())
	}
	key, err := x509.ParsePKCS8PrivateKey(block)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key %s: %w", file, err)
	}
	if key, ok := key.(ed25519.PrivateKey); ok {
		return key, nil
	}
	return nil, fmt.Errorf("reading the signing key: %s holds no Ed25519 key; make one: openssl genpkey -algorithm ed25519 -out %[1]s", file)
}

// ReadVerifyKey reads an Ed25519 public key, as 'openssl pkey -pubout' writes it
// (PEM, PKIX).
func ReadVerifyKey(file string) (ed25519.PublicKey, error) {
	block, _, err := readPEM(file, "PUBLIC KEY")
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	key, err := x509.ParsePKIXPublicKey(block)
	if err != nil {
		return nil, fmt.Errorf("reading the public key %s: %w", file, err)
	}
	if key, ok := key.(ed25519.PublicKey); ok {
		return key, nil
	}
	return nil, fmt.Errorf("reading the public key: %s holds no Ed25519 key", file)
}

// readPEM reads the one block of a PEM file. A key may be reached by a link, as
// Kubernetes mounts secrets.
func readPEM(file, kind string) ([]byte, fs.FileInfo, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is %s, not a file", file, kindOf(st.Mode()))
	}
	raw, err := readAll(file, f, maxKey)
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != kind {
		return nil, nil, fmt.Errorf("%s holds no PEM block %q", file, kind)
	}
	return block.Bytes, st, nil
}

// Fingerprint names a public key: SHA-256 over its PKIX form, in base64.
func Fingerprint(key ed25519.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("naming the key: %w", err)
	}
	sum := sha256.Sum256(der)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
}

// Sign signs the seal of the bundle in dir. Every file must be as it was sealed.
func Sign(dir string, key ed25519.PrivateKey) error {
	f, err := OpenFolder(dir)
	if err != nil {
		return fmt.Errorf("signing the bundle: %w", err)
	}
	defer f.Close()
	seal, err := f.verify()
	if err == nil {
		err = seal.strict()
	}
	if err != nil {
		return fmt.Errorf("signing the bundle %s: %w", dir, err)
	}
	signature := ed25519.Sign(key, sealText(seal.sums))
	return f.WriteFile(signatureFile, []byte(base64.StdEncoding.EncodeToString(signature)+"\n"))
}

// VerifySigned checks that key signed the bundle in dir, and that every file is
// as it was then. An error that is ErrSignature or ErrNotSealedWhole says that it
// is not.
func VerifySigned(dir string, key ed25519.PublicKey) error {
	f, err := OpenFolder(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.checkSignature(key); err != nil {
		return fmt.Errorf("bundle %s: %w", dir, err)
	}
	seal, err := f.verify()
	if err != nil {
		return fmt.Errorf("bundle %s: %w: %w", dir, ErrNotSealedWhole, err)
	}
	if err := seal.strict(); err != nil {
		return fmt.Errorf("bundle %s: %w", dir, err)
	}
	return nil
}

func (f *Folder) checkSignature(key ed25519.PublicKey) error {
	sums, err := f.ReadFile(SumsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrUnsealed
	}
	if err != nil {
		return err
	}
	text, err := f.ReadFile(signatureFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there is no %s; 'slotstorm report RUN --sign KEY' signs a run", ErrSignature, signatureFile)
	}
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(signature) != ed25519.SignatureSize {
		return fmt.Errorf("%w: %s is no Ed25519 signature in base64", ErrSignature, signatureFile)
	}
	if !ed25519.Verify(key, sums, signature) {
		name, err := Fingerprint(key)
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: the key %s did not sign this %s", ErrSignature, name, SumsFile)
	}
	return nil
}
