package upkeep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/internal/site"
)

// Left is something that slotstorm made and that still exists.
type Left struct {
	// What is "namespace" for one with all that is in it, "objects" for those of a
	// run in a namespace that stays, "cordon" for a machine that is still cordoned, or
	// "kind cluster".
	What string `json:"what"`
	// Name is that of the namespace, of the machine or of the kind cluster; Context is
	// where a namespace or a machine is.
	Name    string `json:"name"`
	Context string `json:"context,omitempty"`
	Run     string `json:"run"`
	// Why says why it counts as left.
	Why string `json:"why"`
	// Removed says that it is gone now.
	Removed bool `json:"removed"`

	remove func(context.Context) error
}

// Alone is something that was left alone, and why.
type Alone struct {
	Name string `json:"name"`
	Why  string `json:"why"`
	// run is the run that it is, or may be, of; empty if that is not known or if the
	// run has kept it on purpose.
	run string
}

// Cleaning is the result of a clean-up.
type Cleaning struct {
	Left  []Left  `json:"left"`
	Alone []Alone `json:"leftAlone"`
	// missed are the kind clusters that did not answer, by name, with the reason.
	missed map[string]string
}

// CleanOptions are those of a clean-up.
type CleanOptions struct {
	Where
	// Runs are the ids of the runs, or beginnings of them, whose remains count;
	// none is all.
	Runs []string
	// All includes what is in use or kept.
	All bool
	// Confirm gets the list of what would be removed, and decides.
	Confirm func([]Left) (bool, error)
}

// Clean finds what killed runs left behind, and removes it. Everything in the list is
// proved by a lease with the uid of its namespace and the run's id, or by a
// mark on the containers of a kind cluster.
func Clean(ctx context.Context, o CleanOptions) (*Cleaning, error) {
	c := &Cleaning{Left: []Left{}, Alone: []Alone{}}
	gone := map[string]bool{} // with all that is in them
	if o.Provider == "kind" {
		var err error
		if gone, err = c.kindClusters(ctx, o); err != nil {
			return nil, err
		}
	}
	clusters, missed, err := o.clusters(ctx, gone)
	if err != nil {
		return nil, err
	}
	c.missed = missed
	for _, in := range clusters {
		held, err := c.holdings(ctx, o, in.Cluster)
		if err == nil {
			err = c.cordons(ctx, o, in.Cluster, held)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Context, err)
		}
	}
	if len(c.Left) == 0 {
		return c, nil
	}
	if ok, err := o.Confirm(c.Left); err != nil || !ok {
		return c, err
	}
	var errs []error
	for i := range c.Left {
		l := &c.Left[i]
		if err := l.remove(ctx); err != nil {
			errs = append(errs, err)
			continue
		}
		l.Removed = true
	}
	return c, errors.Join(errs...)
}

// wanted says whether a run is among those whose remains count.
func (o CleanOptions) wanted(runID string) bool {
	return len(o.Runs) == 0 || slices.ContainsFunc(o.Runs, func(r string) bool { return strings.HasPrefix(runID, r) })
}

// cordons looks for machines that runs have left cordoned which hold nothing else.
func (c *Cleaning) cordons(ctx context.Context, o CleanOptions, in *kube.Cluster, held []kube.Holding) error {
	lost, err := in.LostCordons(ctx)
	if err != nil {
		return err
	}
	for _, l := range lost {
		of := func(id string) bool { return kube.ShortID(id) == l.Run }
		if len(o.Runs) > 0 && !slices.ContainsFunc(o.Runs, of) || slices.ContainsFunc(held, func(h kube.Holding) bool { return of(h.RunID) }) {
			continue
		}
		c.Left = append(c.Left, Left{
			What: "cordon", Name: l.Machine, Context: in.Context, Run: l.Run, Why: "no lease of its run is left",
			remove: func(ctx context.Context) error { return in.Uncordon(ctx, l.Run) },
		})
	}
	return nil
}

// holdings looks at the objects that runs hold in a cluster, and gives all holdings.
func (c *Cleaning) holdings(ctx context.Context, o CleanOptions, in *kube.Cluster) ([]kube.Holding, error) {
	all, strays, err := in.Find(ctx, o.Namespace)
	if err != nil {
		return nil, err
	}
	for _, s := range strays {
		c.Alone = append(c.Alone, Alone{"namespace " + s.Namespace + " of " + in.Context, s.Why, s.RunID})
	}
	found := slices.DeleteFunc(slices.Clone(all), func(h kube.Holding) bool { return !o.wanted(h.RunID) })
	if slices.ContainsFunc(found, func(h kube.Holding) bool { return !h.Kept }) {
		o.Note(in.Context + ": checking whether the runs there are alive; a lease takes up to a minute to expire")
	}
	dead, err := in.Dead(ctx, found)
	if err != nil {
		return nil, err
	}
	for _, h := range found {
		why := "its run has ended: its lease is no longer renewed"
		switch {
		case slices.Contains(dead, h):
			why = cmp.Or(h.Ending, why)
		case o.All && h.Kept:
			why = "the deployment " + h.Deployment + " is kept"
		case o.All:
			why = "its run is under way"
		case h.Kept:
			c.Alone = append(c.Alone, Alone{"namespace " + h.Namespace + " of " + in.Context, "the deployment " + h.Deployment + " is kept; remove it with 'slotstorm down " + h.Deployment + "'", ""})
			continue
		default:
			c.Alone = append(c.Alone, Alone{"namespace " + h.Namespace + " of " + in.Context, "run " + h.RunID + " is under way", h.RunID})
			continue
		}
		what := "objects"
		if h.Made {
			what = "namespace"
		}
		c.Left = append(c.Left, Left{
			What: what, Name: h.Namespace, Context: in.Context, Run: h.RunID, Why: why,
			remove: func(ctx context.Context) error {
				// A drain that was cut short leaves a machine that takes no pods.
				return errors.Join(in.Uncordon(ctx, kube.ShortID(h.RunID)), in.Of(h).Release())
			},
		})
	}
	return all, nil
}

// kindClusters looks for kind clusters whose maker has ended, and gives their names.
func (c *Cleaning) kindClusters(ctx context.Context, o CleanOptions) (map[string]bool, error) {
	names, err := kind.Names(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", site.ErrEnvironment, err)
	}
	gone := map[string]bool{}
	for _, name := range names {
		k, ok, err := kind.Find(ctx, name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		mark, err := k.Mark(ctx)
		if err != nil {
			return nil, err
		}
		if mark.RunID == "" || !o.wanted(mark.RunID) {
			continue
		}
		why := "slotstorm made it"
		if !o.All {
			var alone *Alone
			if why, alone = abandoned(ctx, o, k, mark); alone != nil {
				c.Alone = append(c.Alone, *alone)
			}
		}
		if why == "" {
			continue
		}
		gone[name] = true
		c.Left = append(c.Left, Left{
			What: "kind cluster", Name: name, Run: mark.RunID, Why: why,
			remove: func(context.Context) error { return k.Delete(mark) },
		})
	}
	return gone, nil
}

// abandoned says why a kind cluster is left over; empty if it is not known to be. Then it
// says why it is left alone, unless it is kept on purpose.
func abandoned(ctx context.Context, o CleanOptions, k *kind.Cluster, mark *kind.Mark) (why string, _ *Alone) {
	hold, unseen := mark.Hold()
	alone := func(run, format string, args ...any) (string, *Alone) {
		return "", &Alone{"kind cluster " + k.Name, fmt.Sprintf(format, args...), run}
	}
	switch {
	case hold == kind.Held:
		return alone(mark.RunID, "run %s is under way", mark.RunID)
	case mark.Up:
		inhabited, err := inhabited(ctx, k)
		switch {
		case err != nil:
			return alone("", "its contents cannot be read: %v", err)
		case inhabited:
			return "", nil
		case hold == kind.Unseen:
			return alone(mark.RunID, "whether 'slotstorm up' still makes it cannot be seen from here: %v", unseen)
		}
		return "it was made for a kept deployment, and holds none", nil
	case hold == kind.Released:
		return "the run that made it has ended", nil
	}
	o.Note("kind cluster " + k.Name + ": checking whether its run is alive; a lease takes up to a minute to expire")
	switch expired, err := expired(ctx, k, mark.RunID); {
	case err != nil:
		return alone(mark.RunID, "whether run %s is alive cannot be seen from here: %v; nor from its lease: %v", mark.RunID, unseen, err)
	case !expired:
		return alone(mark.RunID, "run %s is under way", mark.RunID)
	}
	return "the run that made it no longer renews its lease", nil
}

// expired says whether the leases of a run in a kind cluster are no longer renewed.
func expired(ctx context.Context, k *kind.Cluster, runID string) (bool, error) {
	c, err := site.ConnectKind(ctx, k)
	if err != nil {
		return false, err
	}
	found, _, err := c.Find(ctx, "")
	if err != nil {
		return false, err
	}
	found = slices.DeleteFunc(found, func(h kube.Holding) bool { return h.RunID != runID || h.Kept })
	if len(found) == 0 {
		return false, errors.New("it has none there")
	}
	dead, err := c.Dead(ctx, found)
	return len(dead) == len(found), err
}

// inhabited says whether anything of slotstorm is in a kind cluster.
func inhabited(ctx context.Context, k *kind.Cluster) (bool, error) {
	c, err := site.ConnectKind(ctx, k)
	if err != nil {
		return false, err
	}
	found, _, err := c.Find(ctx, "")
	return len(found) > 0, err
}
