package deployer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/scenarios"
)

// ErrDirective marks a directive of the scenario that the server does not start with: its
// version does not know the name, or refuses the value.
var ErrDirective = errors.New("redis")

// RefusedDirective is the error for a node that ended because it refuses a directive of the
// scenario, from the end of its log; nil if it ended for another reason. Source:
// loadServerConfigFromString in Redis' config.c.
func RefusedDirective(log string, config map[string]string) error {
	_, refusal, ok := strings.Cut(log, "FATAL CONFIG FILE ERROR")
	if !ok {
		return nil
	}
	_, refusal, ok = strings.Cut(refusal, ">>> '")
	line, why, found := strings.Cut(refusal, "'\n")
	if !ok || !found {
		return nil
	}
	why, _, _ = strings.Cut(why, "\n")
	name, value, _ := strings.Cut(line, " ")
	if command, _, _ := strings.Cut(value, " "); name == "rename-command" {
		return fmt.Errorf("%w.renameCommands.%s: the server refuses '%s': %s", ErrDirective, command, line, why)
	}
	for stated := range config {
		if name == scenarios.Accepted(stated) {
			return fmt.Errorf("%w.config.%s: the server refuses '%s': %s", ErrDirective, stated, line, why)
		}
	}
	return nil
}
