package main

import (
	"fmt"
	"path/filepath"
	"reflect"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/audit"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/sections"
	"github.com/slotstorm/slotstorm/results"
)

func (p *program) auditVerb() *cli.Command {
	return &cli.Command{
		Name:      "audit",
		Usage:     "check again, from recorded data, whether runs lost writes",
		UsageText: examples("slotstorm audit latest", "slotstorm audit latest --findings"),
		ArgsUsage: "RUN...",
		Description: "During a run, slotstorm also writes keys of its own, records each of these audited\n" +
			"writes, and reads the keys back at the end. This verb judges all of them again from the\n" +
			"files of the run, and compares the result with that of the run. RUN is a folder, an id,\n" +
			"the beginning of an id, or 'latest'. The folder stays unchanged. Exit code 5 means that\n" +
			"some keys had not been read back. Exit code 1 means that the two results differ.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "findings", Usage: "print every write that was lost, altered or otherwise wrong, not only their number"},
			&cli.DurationFlag{Name: "linearizability", Value: 10 * time.Second, Usage: "check whether the reads and writes of each key can be put in one order that explains all replies (linearizability), and stop after `DURATION`; 0s skips the check"},
		},
		Action: p.audit,
	}
}

// audited is the judgement of one run, as --json prints it.
type audited struct {
	Dir string `json:"dir"`
	ID  string `json:"id"`
	// Same is true if the result is that of the run.
	Same     bool              `json:"same"`
	Audit    *results.Audit    `json:"audit"`
	Findings []results.Finding `json:"findings"`
}

func (p *program) audit(c *cli.Context) error {
	if !c.Args().Present() {
		return usagef("slotstorm audit needs a run: a folder, an id, the beginning of an id, or 'latest'; 'slotstorm list' lists all runs")
	}
	if err := p.writes(c, report.Audit); err != nil {
		return err
	}
	budget := c.Duration("linearizability")
	if budget < 0 {
		return usagef("--linearizability must not be negative: %v", budget)
	}
	var list []audited
	var documents []doc.Document
	for _, name := range c.Args().Slice() {
		dir, err := results.Find(p.root, name)
		if err != nil {
			return err
		}
		one, d, err := p.auditOne(dir, budget, c.Bool("findings"))
		if err != nil {
			return err
		}
		list, documents = append(list, one), append(documents, d)
	}
	var all any = list
	if len(list) == 1 {
		all = list[0]
	}
	if err := p.writeTargets(report.OfAudits(documents, all)); err != nil {
		return err
	}
	if p.json && !p.direct() {
		if err := p.printJSON(all); err != nil {
			return err
		}
	}
	worst := exitOK
	for _, one := range list {
		switch {
		case !one.Same:
			return &exit{exitError, fmt.Errorf("%s: the result differs from that of the run", one.ID)}
		case one.Audit.Unread != "":
			worst = exitInconclusive
		}
	}
	if worst != exitOK {
		return &exit{code: worst}
	}
	return nil
}

func (p *program) auditOne(dir string, budget time.Duration, all bool) (audited, doc.Document, error) {
	one := audited{Dir: dir, ID: filepath.Base(dir)}
	b, err := results.Load(dir)
	if err != nil {
		return one, doc.Document{}, err
	}
	recorded, findings := b.Run.Audit, b.Findings
	switch {
	case recorded == nil:
		return one, doc.Document{}, fmt.Errorf("bundle %s: the run was not audited; add workload.audit: {rate: 200} to the scenario", dir)
	case b.Reads == nil && recorded.ReadBack > 0:
		return one, doc.Document{}, fmt.Errorf("bundle %s: it was made by a version of slotstorm that did not keep the read-back; 'slotstorm report' shows the findings of that version", dir)
	}
	one.Audit, one.Findings = audit.Judge(b)
	if one.Audit == nil {
		one.Audit = &results.Audit{}
	}
	plain := *recorded
	plain.Linearizability = nil
	one.Same = reflect.DeepEqual(one.Audit, &plain) && (len(findings) == 0 && len(one.Findings) == 0 || reflect.DeepEqual(one.Findings, findings))
	if budget > 0 {
		if one.Audit.Linearizability, _, err = audit.Linearize(b, budget); err != nil {
			return one, doc.Document{}, err
		}
	}
	if (p.json || p.quiet) && len(p.targets) == 0 {
		return one, doc.Document{}, nil
	}
	b.Run.Audit, b.Findings = one.Audit, one.Findings
	s, err := judge.Analyze(b)
	if err != nil {
		return one, doc.Document{}, fmt.Errorf("bundle %s: %w", dir, err)
	}
	d := sections.Audited(b, s, sections.AuditView{Findings: all, Same: one.Same})
	if p.json || p.quiet || p.direct() {
		return one, d, nil
	}
	return one, d, p.writeText(report.OfAudits([]doc.Document{d}, nil))
}
