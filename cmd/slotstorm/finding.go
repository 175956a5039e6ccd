package main

import (
	"fmt"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
)

// finding is what one check found. Fail means that no run can work there; warn that
// something is missing that some scenarios need.
type finding struct {
	Name   string `json:"name"`
	Status status `json:"status"`
	Detail string `json:"detail"`
	// Mend says how to fix what is missing.
	Mend string `json:"mend,omitempty"`
}

type status string

const (
	statusOK   status = "ok"
	statusWarn status = "warn"
	statusFail status = "fail"
)

func (s status) style() console.Style {
	return map[status]console.Style{statusOK: console.Green, statusWarn: console.Yellow, statusFail: console.Red}[s]
}

// found prints the findings, and returns the exit code as an error.
func (p *program) found(list []finding) error {
	failed := false
	for _, f := range list {
		failed = failed || f.Status == statusFail
	}
	switch {
	case p.json:
		if err := p.printJSON(list); err != nil {
			return err
		}
	case !p.quiet:
		p.showFindings(list)
	}
	if failed {
		return &exit{code: exitEnvironment}
	}
	return nil
}

func (p *program) showFindings(list []finding) {
	wide := 14
	for _, f := range list {
		wide = max(wide, len(f.Name))
	}
	for _, f := range list {
		fmt.Fprintf(p.out, "%s  %-*s %s\n", console.Paint(p.colorOut, f.Status.style(), fmt.Sprintf("%-4s", f.Status)), wide, f.Name, printable.Line(f.Detail))
		if f.Mend != "" {
			fmt.Fprintf(p.out, "      %-*s %s\n", wide, "", console.Paint(p.colorOut, console.Cyan, "fix: ")+printable.Line(f.Mend))
		}
	}
}
