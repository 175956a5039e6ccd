package deployer

import (
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Undo is a command that undoes one that a killed run has sent.
type Undo struct {
	// Node is the name of the node that carries it out, and Addr its address during that
	// run.
	Node, Addr string
	Command    []scenarios.AnyValue
}

// Undo sends commands to their nodes, each where c says that the node is now or else to its
// address in the run, and names those that were not carried out.
func (c *Cluster) Undo(ctx context.Context, list []Undo) error {
	var errs []error
	for _, u := range list {
		n, ok := c.Node(u.Node)
		if !ok {
			n = Node{Name: u.Node, Addr: u.Addr}
		}
		var args []any
		for _, w := range u.Command {
			args = append(args, string(w))
		}
		cl := c.Client(n, commandTimeout)
		err := cl.Do(ctx, args...).Err()
		cl.Close()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s to %s (%s): %w", scenarios.Line(u.Command), n.Name, n.Addr, err))
		}
	}
	return errors.Join(errs...)
}
