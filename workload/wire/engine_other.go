//go:build !linux

package wire

import (
	"context"
	"errors"
)

// Engine is a load that is ready to run; there is none on this system.
type Engine struct{}

var errLinux = errors.New("wire: this client is built on epoll and runs on Linux alone; use go-redis here")

// New fails: the event loop needs Linux.
func New(context.Context, Config) (*Engine, error) { return nil, errLinux }

// Shards is 0.
func (*Engine) Shards() int { return 0 }

// Run fails as New does.
func (*Engine) Run(context.Context) (Result, error) { return Result{}, errLinux }
