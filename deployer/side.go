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
