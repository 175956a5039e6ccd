package builtin

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// arrives wants every dial to reach the other side, though no answer comes back:
// the kernel there holds a half-open connection for it, until it gives up.
func arrives(ctx context.Context, dials []dial) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The dials go on, without an answer, while their other ends are looked for.
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for _, d := range dials {
		wg.Go(func() { _ = d.try(ctx) })
	}
	looking, done := context.WithTimeout(ctx, dialLimit)
	defer done()
	return until(looking, func(context.Context) error {
		seen, err := halfOpen()
		if err != nil {
			return err
		}
		for _, d := range dials {
			if !slices.Contains(seen, d.ends()) {
				return fmt.Errorf("%s does not arrive", d)
			}
		}
		return nil
	})
}

// ends are the two ends of a dial as halfOpen tells them.
func (d dial) ends() string {
	return fmt.Sprintf("%s:%d %s", d.to.addr, d.port, d.from.addr)
}

// halfOpen lists the connections of this network that wait for the last packet of
// their handshake, as "local:port remote". Source: proc(5) on /proc/net/tcp;
// state 03 is SYN_RECV.
func halfOpen() ([]string, error) {
	raw, err := os.ReadFile("/proc/thread-self/net/tcp")
	if err != nil {
		return nil, fmt.Errorf("reading the connections: %w", err)
	}
	var list []string
	for _, line := range strings.Split(string(raw), "\n") {
		f := strings.Fields(line)
		if len(f) < 4 || f[3] != "03" {
			continue
		}
		local, port, err := endOf(f[1])
		if err != nil {
			return nil, err
		}
		remote, _, err := endOf(f[2])
		if err != nil {
			return nil, err
		}
		list = append(list, fmt.Sprintf("%s:%d %s", local, port, remote))
	}
	return list, nil
}

// endOf reads "0101007F:18EB": address in the machine's own (here: reversed)
// order, port.
func endOf(text string) (ip string, port uint64, err error) {
	addr, p, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(addr)
	if err != nil || len(b) != 4 {
		return "", 0, fmt.Errorf("reading the connections: address %q", text)
	}
	if port, err = strconv.ParseUint(p, 16, 16); err != nil {
		return "", 0, fmt.Errorf("reading the connections: port %q", text)
	}
	return fmt.Sprintf("%d.%d.%d.%d", b[3], b[2], b[1], b[0]), port, nil
}
