//go:build !linux

package main

func crashOnDemand() {}
