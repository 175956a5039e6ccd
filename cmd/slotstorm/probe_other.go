//go:build !linux

package main

import (
	"context"
	"errors"
	"runtime"
)

func askInRoom(context.Context, string) (string, error) {
	return "", errors.New("namespaces are a feature of Linux, this is " + runtime.GOOS)
}

func probeRoom() (roomProbe, error) {
	return roomProbe{}, errors.New("namespaces are a feature of Linux, this is " + runtime.GOOS)
}

func mendNamespaces() string { return "run on Linux for faults of the network" }

func memory() (total, available uint64, ok bool) { return 0, 0, false }
