package scenarios

import (
	"slices"
	"strings"
	"testing"
)

// TestWhatACommandRemoves: of which commands data can be missing afterwards, and of which
// all data.
func TestWhatACommandRemoves(t *testing.T) {
	for command, want := range map[string]struct{ some, all bool }{
		"FLUSHALL": {true, true}, "flushdb ASYNC": {true, true}, "DEL big": {true, false}, "EVAL x 0": {true, false},
		"CONFIG SET maxmemory 1mb": {true, false}, "CONFIG SET timeout 1": {}, "DEBUG SLEEP 5": {}, "GET a": {}, "BGSAVE": {},
	} {
		c := &SentCommand{}
		for _, word := range strings.Fields(command) {
			c.Run = append(c.Run, AnyValue(word))
		}
		if got := c.Traits(); got.Erases != want.some || got.Empties != want.all {
			t.Errorf("%s: some %v, all %v", command, got.Erases, got.Empties)
		}
	}
	c := &SentCommand{Run: []AnyValue{"CLIENT", "PAUSE", "100"}, Undo: []AnyValue{"FLUSHALL"}}
	if got := c.Traits(); !got.Erases || got.Empties {
		t.Errorf("undone by FLUSHALL: %+v", got)
	}
}

// CLUSTER FAILOVER asks for a takeover, however it is written.
func TestACommandThatAsksForAFailover(t *testing.T) {
	for line, want := range map[string]Resource{"CLUSTER FAILOVER": TakesRole, "cluster failover TAKEOVER": TakesRole, "CLUSTER FORGET x": TakesCommand, "CLUSTER": TakesCommand} {
		c := SentCommand{}
		for word := range strings.FieldsSeq(line) {
			c.Run = append(c.Run, AnyValue(word))
		}
		if got := c.Traits(); got.Takes != want || got.Asked != (want == TakesRole) {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// Rules of the access control list may be changed where none of them is a password.
func TestACommandWithASecret(t *testing.T) {
	for line, want := range map[string]bool{
		"ACL SETUSER default off": false, "ACL SETUSER u on +@read ~a:*": false, "ACL DELUSER u": false, "CONFIG SET timeout 1": false,
		"ACL SETUSER u >x": true, "acl setuser u on <x": true, "ACL SETUSER u #0a1b": true, "ACL SETUSER u !0a1b": true, "CONFIG SET requirepass x": true, "AUTH x": true,
	} {
		var command []AnyValue
		for word := range strings.FieldsSeq(line) {
			command = append(command, AnyValue(word))
		}
		if got := carriesSecret(strings.ToUpper(string(command[0])), command[1:]); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

// A command of a module, or one that was renamed, may be nearly another one: it is no
// mistake, and remarked.
func TestRemarksOnCommands(t *testing.T) {
	s, err := Load("testdata/valid-fault-command-modules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"timeline.faults[0]: FLUSHALLX is no command that slotstorm knows; did you mean FLUSHALL?"}
	if got := s.Remarks(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for name, want := range map[string]string{"FLUSHALL": "", "FLUSHALLL": "FLUSHALL", "FLUSHEVERYTHING": "", "BF.ADD": "", "GTE": "GET", "GETS": "GET", "SAT": "SET", "ABC": ""} {
		if got := misspelt(name); got != want {
			t.Errorf("%s is nearly %q, want %q", name, got, want)
		}
	}
}
