package dial

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// LogTo sends what go-redis would print to standard error to a logger, at debug
// level, because runs make nodes fail on purpose. go-redis has one logger for the
// whole process and does not guard it: call LogTo once, before the first connection.
func LogTo(logger func() *slog.Logger) { redis.SetLogger(library{logger}) }

type library struct{ logger func() *slog.Logger }

// Printf logs a message of go-redis.
func (l library) Printf(ctx context.Context, format string, v ...any) {
	if log := l.logger(); log.Enabled(ctx, slog.LevelDebug) {
		log.DebugContext(ctx, fmt.Sprintf(format, v...), "from", "go-redis")
	}
}
