package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"strconv"
)

// Endpoint is where a node listens: its client port; its bus is BusOffset above.
type Endpoint struct {
	Host string
	Port int
}

// Addr is host:port.
func (e Endpoint) Addr() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// BusOffset is the distance of a node's cluster bus port from its client port.
// Source: Redis Cluster specification, 'The Cluster bus'.
const BusOffset = 10000

// RedisPort is the client port of every node in a sealed room.
const RedisPort = 6379

// Endpoints gives n endpoints. In a sealed room they are 127.0.1.1, 127.0.1.2
// ... on the usual port: nobody else is there. On plain loopback the port is one
// that is free, with its bus port, on all of them; where only 127.0.0.1 exists
// (macOS) the ports differ instead.
func (r Room) Endpoints(n int) ([]Endpoint, error) {
	list := make([]Endpoint, n)
	if r.Sealed {
		for i := range list {
			list[i] = Endpoint{host(i), RedisPort}
		}
		return list, nil
	}
	const attempts = 100
	for range attempts {
		// Not the scenario's random source: two runs of one seed may be under
		// way at once.
		port := 20000 + rand.IntN(20000)
		for i := range list {
			list[i] = Endpoint{host(i), port}
			if runtime.GOOS != "linux" {
				list[i] = Endpoint{"127.0.0.1", port + i}
			}
		}
		if free(list) {
			return list, nil
		}
	}
	return nil, fmt.Errorf("no free ports for %d nodes on loopback after %d attempts", n, attempts)
}

// host is the address of node i: 127.0.1.1 upwards, 250 in each /24.
func host(i int) string { return fmt.Sprintf("127.0.%d.%d", 1+i/250, 1+i%250) }

// Seat is the address of the n-th client, from 0, so that a partition can have it
// on either side: 127.2.0.1 upwards, and nothing outside of a sealed room, where
// there are no partitions.
func (r Room) Seat(n int) netip.Addr {
	if !r.Sealed {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte{127, 2, byte(n / 250), byte(1 + n%250)})
}

// ProbeSeat is the number of the seat of the probes. Generators sit below it.
const ProbeSeat = 1000

// HalfOpen is a connection that waits for the last packet of its handshake: Local
// is where somebody listens, Remote who asked.
type HalfOpen struct {
	Local  netip.AddrPort `json:"local"`
	Remote netip.Addr     `json:"remote"`
}

func free(list []Endpoint) bool {
	for _, e := range list {
		for _, port := range []int{e.Port, e.Port + BusOffset} {
			l, err := net.Listen("tcp", net.JoinHostPort(e.Host, strconv.Itoa(port)))
			if err != nil {
				return false
			}
			l.Close()
		}
	}
	return true
}
