package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/explore"
	"github.com/slotstorm/slotstorm/internal/printable"
)

// exploreView shows the progress of a search: a line for each run and each finding, and
// on a terminal one line that is kept up to date.
type exploreView struct {
	mu    sync.Mutex
	w     *console.Console
	plan  explore.Plan
	quiet bool
	since func() time.Duration
	// width is the terminal's, in columns; nil if there is no terminal.
	width func() int
	color bool
	turn  int
	// now holds what runs at present, by seed.
	now map[uint64]string
}

func (p *program) exploreProgress(plan explore.Plan) *exploreView {
	v := &exploreView{w: p.err, plan: plan, quiet: p.quiet, color: p.colorErr, now: map[uint64]string{}, since: func() time.Duration { return p.now().Sub(p.started) }}
	if fd, ok := console.Terminal(p.stderr, p.getenv); ok {
		v.width = func() int { return console.Width(fd) }
	}
	return v
}

// Observe shows a moment.
func (v *exploreView) Observe(o explore.Progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.quiet {
		return
	}
	if o.Ended == nil && o.Found == nil {
		v.now[o.Seed] = doing(o)
	} else {
		delete(v.now, o.Seed)
	}
	if text := exploreLine(o); text != "" {
		fmt.Fprintf(v.w, "[%s] %s\n", console.Clock(v.since()), printable.Line(text))
	}
	if v.width != nil {
		v.turn++
		v.w.Show(v.line(o))
	}
}

// Close removes the line.
func (v *exploreView) Close() {
	if v.width != nil {
		v.w.Show("")
	}
}

func doing(o explore.Progress) string {
	text := fmt.Sprintf("seed %d", o.Seed)
	if o.Try > 0 {
		text += fmt.Sprintf(", shrinking, run %d", o.Try)
	}
	return text
}

// line is the live line.
func (v *exploreView) line(o explore.Progress) string {
	total := ""
	switch {
	case v.plan.Seeds > 0:
		total = fmt.Sprintf(" of %d", v.plan.Seeds)
	case v.plan.Time > 0:
		total = fmt.Sprintf(", %s of %s", console.Clock(o.Elapsed), console.Clock(v.plan.Time))
	}
	parts := []console.Segment{
		{Text: spinner[v.turn%len(spinner)], Style: console.Cyan},
		{Text: fmt.Sprintf("%d%s seeds done", o.Done, total), Style: console.Bold},
	}
	if o.Findings > 0 {
		parts = append(parts, console.Segment{Text: fmt.Sprintf("%d findings", o.Findings), Style: console.Red, Rank: 1})
	}
	for _, text := range v.now {
		parts = append(parts, console.Segment{Text: text, Rank: 2})
	}
	return console.Fit(parts, v.width()-1, v.color)
}

// exploreLine is the line for a run that has ended, or for a finding.
func exploreLine(o explore.Progress) string {
	switch {
	case o.Found != nil && o.Found.Like != nil:
		return fmt.Sprintf("seed %d: the same kind of finding as seed %d", o.Seed, *o.Found.Like)
	case o.Found != nil && !o.Found.Reproduced && o.Found.Tries > 0:
		return fmt.Sprintf("seed %d: found once, and not again", o.Seed)
	case o.Found != nil:
		return fmt.Sprintf("seed %d: kept with %d of %d faults and %d of %d settings: %s", o.Seed,
			len(o.Found.Draft.Steps), len(o.Found.Drawn.Steps), len(o.Found.Draft.Settings), len(o.Found.Drawn.Settings), o.Found.Dir)
	case o.Ended == nil:
		return ""
	}
	var steps []string
	for _, s := range o.Draft.Steps {
		steps = append(steps, s.Kind)
	}
	text := fmt.Sprintf("%s: %s after %s (%s)", doing(o), verdictText(o.Ended), o.Ended.Took.Round(time.Second), strings.Join(steps, ", "))
	if len(o.Ended.Violations) > 0 {
		text += "; FINDING " + o.Ended.Violations[0].Key() + ": " + o.Ended.Violations[0].What
	}
	return text
}

func verdictText(o *explore.Outcome) string {
	if o.Verdict == "" {
		return "no verdict"
	}
	return o.Verdict
}
