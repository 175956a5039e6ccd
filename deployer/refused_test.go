package deployer

import (
	"errors"
	"fmt"
	"testing"
)

// TestRefusedDirective: the texts are those of Redis 7.0.15 and Valkey 9.1.2.
func TestRefusedDirective(t *testing.T) {
	config := map[string]string{"maxmemory-policy": "foo", "server-cpulist": "x"}
	const head = "12:C 29 Nov 2026 02:00:00.000 # WARNING: something\n\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line 13\n"
	for log, want := range map[string]string{
		head + ">>> 'maxmemory-policy foo'\nargument(s) must be one of the following: volatile-lru, noeviction\n":                       "redis.config.maxmemory-policy: the server refuses 'maxmemory-policy foo': argument(s) must be one of the following: volatile-lru, noeviction",
		"*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\nReading the configuration file, at line 1\n>>> 'server_cpulist x'\nInvalid\n": "redis.config.server-cpulist: the server refuses 'server_cpulist x': Invalid",
		head + ">>> 'bind-source-addr 127.0.1.1'\nBad directive or wrong number of arguments\n":                                         "<nil>",
		head + ">>> 'rename-command CLUSTERSCAN \"\"'\nNo such command in rename-command\n":                                             "redis.renameCommands.CLUSTERSCAN: the server refuses 'rename-command CLUSTERSCAN \"\"': No such command in rename-command",
		head: "<nil>",
		"12:M 29 Nov 2026 02:00:00.000 # Fatal error loading the DB\n": "<nil>",
	} {
		err := RefusedDirective(log, config)
		if fmt.Sprint(err) != want || (err != nil) != errors.Is(err, ErrDirective) {
			t.Errorf("%q: got %v, want %s", log, err, want)
		}
	}
}
