package kind

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// ErrNoDocker says that there is no container engine to make nodes with.
var ErrNoDocker = errors.New("no Docker")

// dockerLimit bounds the question whether the engine answers.
const dockerLimit = 10 * time.Second

// engine checks that a container engine answers.
func engine(ctx context.Context) error {
	if _, err := exec.LookPath("docker"); err != nil {
		return fmt.Errorf("%w: kind needs Docker, and there is no docker on PATH: https://docs.docker.com/engine/install", ErrNoDocker)
	}
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: the Docker engine does not answer: is it started, and may this user talk to it? docker says: %s", ErrNoDocker, oneLine(out, err))
	}
	return nil
}

func oneLine(out []byte, err error) string {
	if text := strings.Join(strings.Fields(string(out)), " "); text != "" {
		return text
	}
	return err.Error()
}

// docker runs a command of the engine, and gives what it writes.
func docker(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker %s: %s", args[0], oneLine(out, err))
	}
	return strings.TrimSpace(string(out)), nil
}
