package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// result is one tool's run of a case: what is left of its children.
type result struct {
	b        benchCase
	tool     string
	round    int
	requests int // of all children
	children int
	// cpu is the client's processor time per request, in nanoseconds; rate is in
	// requests per second, p50 and p99 in milliseconds.
	cpu, rate, p50, p99 float64
	// others is the share of the machine, in percent, that worked for something
	// else or was stolen; noisy that it was too much in every attempt.
	others   float64
	noisy    bool
	attempts int
}

// measure runs all cases that -cases matches.
func measure(ctx context.Context, c config, dir string) ([]result, error) {
	var all []result
	for _, cluster := range []bool{false, true} {
		list, err := measureOn(ctx, c, dir, cluster)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	if len(all) == 0 {
		return nil, errors.New("no case has a name that -cases matches")
	}
	return all, nil
}

// measureOn runs the cases of one topology on servers of their own.
func measureOn(ctx context.Context, c config, dir string, cluster bool) ([]result, error) {
	var cases []benchCase
	for _, b := range allCases() {
		if b.cluster == cluster && c.cases.MatchString(b.name) {
			cases = append(cases, b)
		}
	}
	if len(cases) == 0 {
		return nil, nil
	}
	n := 1
	if cluster {
		n = shards
	}
	s, err := startServers(ctx, c, dir, n, cluster)
	if err != nil {
		return nil, err
	}
	defer s.close()
	b := &bench{c, s, filepath.Join(dir, "report.json")}
	for _, t := range tools(c) {
		fmt.Fprintf(c.progress, "prefill for %s, servers: %d\n", t.name, n)
		if _, _, err := b.child(ctx, t.fill(cases[0], s.port(), b.report)); err != nil {
			return nil, fmt.Errorf("prefill: %w", err)
		}
	}
	var all []result
	for _, bc := range cases {
		list, err := b.alternate(ctx, bc)
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", bc.name, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// alternate runs all tools, round by round, so that drift of the machine affects all
// of them alike.
func (b *bench) alternate(ctx context.Context, c benchCase) ([]result, error) {
	list := tools(b.config)
	amounts := make([]amount, len(list))
	for i, t := range list {
		var err error
		if amounts[i], err = b.calibrate(ctx, c, t); err != nil {
			return nil, fmt.Errorf("calibration: %w", err)
		}
	}
	var all []result
	for round := range b.rounds {
		for i, t := range list {
			r, err := b.quietest(ctx, c, t, amounts[i])
			if err != nil {
				return nil, err
			}
			r.round = round
			fmt.Fprintf(b.progress, "%s round %d/%d %s: %.2f µs/request, %.0f requests/s, others %.1f %%, attempt %d\n",
				c.name, round+1, b.rounds, t.name, r.cpu/1000, r.rate, r.others, r.attempts)
			all = append(all, r)
		}
	}
	return all, nil
}

// calibrationRequests takes about half a second.
const calibrationRequests = 20_000

// calibrate finds how many requests fill the time of a run.
func (b *bench) calibrate(ctx context.Context, c benchCase, t tool) (amount, error) {
	a := amount{length: b.length}
	if !t.counted {
		return a, nil
	}
	a.requests = calibrationRequests * c.pipeline
	d, err := b.drive(ctx, c, t, t.commands(c, b.port(), b.report, a)[0], a)
	a.requests = int(d.rate * b.length.Seconds())
	return a, err
}

// quietest repeats a run until it is quiet, or gives the quietest attempt.
func (b *bench) quietest(ctx context.Context, c benchCase, t tool, a amount) (result, error) {
	var best result
	for attempt := 1; attempt <= b.retries+1; attempt++ {
		r, err := b.once(ctx, c, t, a)
		if err != nil {
			return r, err
		}
		if attempt == 1 || r.others < best.others {
			best = r
		}
		best.attempts = attempt
		if best.noisy = best.others > b.limit; !best.noisy {
			break
		}
	}
	return best, nil
}

// once runs all children of a tool, and accounts for the whole machine
// meanwhile.
func (b *bench) once(ctx context.Context, c benchCase, t tool, a amount) (result, error) {
	before, err := b.account()
	if err != nil {
		return result{}, err
	}
	var list []done
	for _, line := range t.commands(c, b.port(), b.report, a) {
		d, err := b.drive(ctx, c, t, line, a)
		if err != nil {
			return result{}, err
		}
		list = append(list, d)
	}
	after, err := b.account()
	if err != nil {
		return result{}, err
	}
	r := merge(list)
	r.b, r.tool = c, t.name
	r.others = others(before, after)
	return r, nil
}

// merge makes one run of a tool's children: the mean of GET and SET for a tool
// that cannot mix them. Times per request add up, and so rates are averaged by
// their inverse.
func merge(list []done) result {
	r := result{children: len(list)}
	var perRequest, n float64 = 0, float64(len(list))
	for _, d := range list {
		r.requests += d.requests
		r.cpu += float64(d.cpu) / float64(d.requests) / n
		perRequest += 1 / d.rate / n
		r.p50 += d.p50 / n
		r.p99 += d.p99 / n
	}
	r.rate = 1 / perRequest
	return r
}

// account is what others have used so far. This program, with the clients that
// have ended, and its servers are not others.
func (b *bench) account() (account, error) {
	ours := map[int]bool{os.Getpid(): true}
	for _, p := range b.nodes {
		ours[p.PID()] = true
	}
	return takeAccount(ours)
}
