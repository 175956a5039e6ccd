package deployer

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// side is a primary that takes part in a move.
type side struct {
	Role
	*redis.Client
}

// cluster sends a command about slots.
func (s *side) cluster(ctx context.Context, words ...any) (any, error) {
	reply, err := s.Do(ctx, append([]any{"CLUSTER"}, words...)...).Result()
	if err != nil {
		return nil, fmt.Errorf("CLUSTER %s on %s: %w", strings.TrimSpace(fmt.Sprintln(words...)), s.Node.Name, err)
	}
	return reply, nil
}

// process is the run id of a node.
func (s *side) process(ctx context.Context) (string, error) {
	info, err := s.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("asking %s for its process: %w", s.Node.Name, err)
	}
	return field(info, "run_id"), nil
}
