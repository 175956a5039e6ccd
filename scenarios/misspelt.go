package scenarios

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/internal/spelling"
)

// slips is how many letters a misspelt directive or command differs by.
const slips = 2

var comments = regexp.MustCompile(`(?m)^#.*$`)

// listed are the words of a file, without its comments.
func listed(file string) []string { return strings.Fields(comments.ReplaceAllString(file, "")) }

//go:embed commands.txt
var commandsFile string

// misspelt is the command that an unknown one nearly is; empty if it is known, or like none:
// others may be of a newer server, or of a module.
func misspelt(name string) string {
	names := listed(commandsFile)
	if slices.Contains(names, name) || strings.Contains(name, ".") || len(name) > 64 {
		return ""
	}
	best, nearest := "", slips+1
	for _, n := range names {
		most := slips
		if len(n) <= 2*slips {
			most = 1 // two letters of a short name make another one
		}
		if distance := spelling.Distance(name, n); distance <= most && distance < nearest {
			best, nearest = n, distance
		}
	}
	return best
}
