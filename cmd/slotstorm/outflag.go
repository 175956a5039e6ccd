package main

import (
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/results"
)

// flagRow describes a flag, or one use of it.
type flagRow struct{ names, usage string }

// outFlag is the name of the flag with two uses: the folder of runs, and files with the
// result.
const outFlag = "out"

// jsonFlag is the name of the flag that most verbs share.
const jsonFlag = "json"

// ownFormat are the formats of verbs that print no JSON.
var ownFormat = map[string]string{
	"manifests": "YAML", "init": "YAML", "image": "an archive", "completion": "a script", "help": "text", "ui": "addresses",
}

// resultKinds are the kinds of results that a verb writes to files; none if it writes no
// files. Verbs with results refuse the formats of --out that the result at hand does not
// have.
func resultKinds(verb string) []report.Kind {
	switch verb {
	case "run":
		return []report.Kind{report.Run, report.Runs, report.Matrix, report.Comparison}
	case "report":
		return []report.Kind{report.Run, report.Runs}
	case "compare":
		return []report.Kind{report.Comparison}
	case "trend":
		return []report.Kind{report.Trend}
	case "capacity":
		return []report.Kind{report.Capacity}
	case "tune":
		return []report.Kind{report.Tuning}
	case "audit":
		return []report.Kind{report.Audit}
	case "load":
		return []report.Kind{report.Load}
	}
	return nil
}

// outRows describe those uses of --out that a verb has, or with no verb both.
func outRows(verb string) []flagRow {
	const names = "    --" + outFlag + " "
	var rows []flagRow
	switch verb {
	case "":
		rows = append(rows, flagRow{names + "DIR", "store runs in DIR, one folder per run, and look for runs there (default: " + results.DefaultRoot + ")"})
	case "run", "capacity", "tune":
		rows = append(rows, flagRow{names + "DIR", "store runs in DIR, one folder per run (default: " + results.DefaultRoot + ")"})
	case "explore":
		rows = append(rows, flagRow{names + "DIR", "store findings in DIR, one folder per search (default: " + exploreRoot + ")"})
	case "list", "report", "audit", "ui", "recover", "compare", "trend", "prune":
		rows = append(rows, flagRow{names + "DIR", "look for runs in DIR (default: " + results.DefaultRoot + ")"})
	}
	kinds := resultKinds(verb)
	formats, fewer := report.Names(), ""
	switch {
	case verb == "":
		fewer = "; not every verb writes all of them"
	case len(kinds) == 0:
		return rows
	default:
		formats = slices.DeleteFunc(formats, func(name string) bool {
			return !slices.ContainsFunc(kinds, func(k report.Kind) bool { return slices.Contains(report.Names(k), name) })
		})
		fewer = fewerFormats(kinds)
	}
	return append(rows, flagRow{names + "FORMAT=FILE", "write the result to FILE as FORMAT, such as json=result.json; FILE '-' is standard output; may be repeated. FORMAT: " + formatList(formats) + fewer})
}

// formatList lists formats, and describes the one whose name does not.
func formatList(names []string) string {
	list := strings.Join(names, ", ")
	return strings.Replace(list, "summary", "summary (short Markdown, appended to a file)", 1)
}

// fewerFormats lists the formats of those kinds of results that do not have all formats of
// their verb.
func fewerFormats(kinds []report.Kind) string {
	text := ""
	for _, k := range []struct {
		kind report.Kind
		when string
	}{{report.Runs, "several runs"}, {report.Matrix, "a scenario with a matrix"}, {report.Comparison, "--against"}} {
		if len(kinds) > 1 && slices.Contains(kinds, k.kind) {
			text += "; for " + k.when + " only " + strings.Join(report.Names(k.kind), ", ")
		}
	}
	return text
}
