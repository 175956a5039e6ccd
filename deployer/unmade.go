package deployer

import (
	"net"
	"time"
)

// unmade is a connection that could not be made: whoever uses it gets the error
// of the dial.
//
// It keeps failed dials from go-redis' pool, which after as many of them as it
// has places (one, here) answers from memory and dials again only once a second.
// A node that is back would be seen up to a second late.
type unmade struct{ err error }

func (u unmade) Read([]byte) (int, error)       { return 0, u.err }
func (u unmade) Write([]byte) (int, error)      { return 0, u.err }
func (unmade) Close() error                     { return nil }
func (unmade) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (unmade) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (unmade) SetDeadline(time.Time) error      { return nil }
func (unmade) SetReadDeadline(time.Time) error  { return nil }
func (unmade) SetWriteDeadline(time.Time) error { return nil }
