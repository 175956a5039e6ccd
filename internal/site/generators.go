package site

import (
	"context"
	"fmt"
	"net"

	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// generators starts the generators of the scenario in pods.
func generators(ctx context.Context, s *scenarios.Scenario, d *pods.Deployment, image string) (*remote.Fleet, func(), error) {
	identity, err := remote.NewIdentity()
	if err != nil {
		return nil, nil, err
	}
	g, err := d.Generate(ctx, generatorPlan(s, image, identity.PEM()))
	if err != nil {
		return nil, nil, fmt.Errorf("starting the generators: %w", err)
	}
	return &remote.Fleet{
		Identity: identity, Place: g.Place,
		Dial: func(ctx context.Context, index int) (net.Conn, error) {
			conn, gone, err := g.Dial(ctx, index)
			if gone {
				err = fmt.Errorf("%w: %w", remote.ErrGone, err)
			}
			return conn, err
		},
	}, g.Close, nil
}

// generatorPlan is the command and the image of the generators.
func generatorPlan(s *scenarios.Scenario, image string, secret []byte) pods.GeneratorPlan {
	return pods.GeneratorPlan{
		Count: s.Workload.Generators, Image: image, Secret: secret, Port: pods.GeneratorPort,
		Args: []string{"generate", "--listen", fmt.Sprintf(":%d", pods.GeneratorPort), "--identity", pods.SecretFile, "--patience", patience.String()},
		// A generator ends by itself once its run is over.
		Patience: podLife(s),
	}
}
