package scenarios

import (
	"fmt"
	"testing"
)

// keysOf are commands, and the arguments that are their keys.
var keysOf = map[string]string{
	"GET k":                                  "[1]",
	"get k":                                  "[1]",
	"SETRANGE {key} 0 {value}":               "[1]",
	"SPUBLISH channel x":                     "[1]",
	"MSET a 1 b 2":                           "[1 3]",
	"MGET a b c":                             "[1 2 3]",
	"DEL a b":                                "[1 2]",
	"RENAME a b":                             "[1 2]",
	"LMOVE a b LEFT RIGHT":                   "[1 2]",
	"BLPOP a b 0":                            "[1 2]",
	"BITOP AND to a b":                       "[2 3 4]",
	"OBJECT ENCODING k":                      "[2]",
	"OBJECT HELP":                            "[]",
	"object help me":                         "[]",
	"MEMORY USAGE k SAMPLES 5":               "[2]",
	"MEMORY DOCTOR":                          "[]",
	"DEBUG OBJECT k":                         "[2]",
	"DEBUG SLEEP 1":                          "[]",
	"XINFO STREAM k FULL":                    "[2]",
	"XGROUP CREATE k g $":                    "[2]",
	"SORT k BY w STORE to":                   "[1 5]",
	"SORT_RO k":                              "[1]",
	"GEORADIUS k 1 2 3 m STORE x":            "[1 7]",
	"EVAL s 0":                               "[]",
	"EVAL s 0 {key}":                         "[]",
	"EVAL s 2 a b c":                         "[3 4]",
	"EVALSHA_RO s 1 a":                       "[3]",
	"EVAL s {random:2} {key} x":              "[3]",
	"FCALL f 1 {key} x":                      "[3]",
	"FCALL f 0 x":                            "[]",
	"EVAL s 9 a":                             "[3]",
	"EVAL s":                                 "[]",
	"ZUNIONSTORE to 2 a b WEIGHTS 1 2":       "[1 3 4]",
	"ZUNIONSTORE":                            "[]",
	"SINTERCARD 2 a b LIMIT 1":               "[2 3]",
	"LMPOP 1 a LEFT":                         "[2]",
	"BLMPOP 0 2 a b LEFT":                    "[3 4]",
	"MSETEX 2 a 1 b 2 EX 9":                  "[2 4]",
	"JSON.MSET a $ 1 b $ 2":                  "[1 4]",
	"XREAD COUNT 2 STREAMS a b 0 0":          "[4 5]",
	"XREADGROUP GROUP STREAMS c STREAMS a >": "[5]",
	"XREAD COUNT 2":                          "[]",
	"MIGRATE host 6379 k 0 100":              "[3]",
	`MIGRATE host 6379 "" 0 100 KEYS a b`:    "[7 8]",
	"SCAN 0 MATCH {key}":                     "[]",
	"PUBLISH {key} x":                        "[]",
	"PING":                                   "[]",
	"FLUSHALL ASYNC":                         "[]",
	"FT.SEARCH idx *":                        "[]",
	"FT.SUGADD k x 1":                        "[1]",
	"NEWCOMMAND k":                           "[1]",
	"NEWCOMMAND option {key} x {key:hash}":   "[2 4]",
	"NEWCOMMAND":                             "[]",
	"GET":                                    "[]",
}

func TestKeyArgs(t *testing.T) {
	for text, want := range keysOf {
		args, err := ParseTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(KeyArgs(args)); got != want {
			t.Errorf("keys of %s are %s, want %s", text, got, want)
		}
	}
}

// Keys that are written differently share a hash tag, so that their command stays in
// one slot.
func TestTagNeeded(t *testing.T) {
	for raw, want := range map[string]int64{
		"GET {key}":                     0,
		"COPY {key} {key}":              0,
		"COPY {key} {key}:copy":         1,
		"MSET {key}:a 1 {key}:b 2":      1,
		"SMOVE {key:set} {key:set+1} x": 2,
		"RENAME {key} {key:hash}":       1,
		"EVAL s 2 a:{key} b:{key}":      1,
		"RENAME a b":                    0,
		"SET {key} {key}:x":             0,
	} {
		if got := tagNeeded([]Command{{Command: "RAW", Raw: raw}}); got != want {
			t.Errorf("%s needs a tag of %d, not %d", raw, got, want)
		}
	}
}

// A script can be without keys, and says so in the scenario that a run keeps.
func TestScriptWithoutKeys(t *testing.T) {
	const mix = "workload.mix=[{command: EVALSHA, weight: 1, keys: 0, script: return 1}]"
	s, err := Load("testdata/valid-minimal.yaml", mix)
	if err != nil {
		t.Fatal(err)
	}
	if keys := s.Workload.Mix[0].Keys; keys == nil || *keys != 0 {
		t.Errorf("keys are %v", keys)
	}
	roundTrip(t, s)
	if _, err := Load("testdata/valid-minimal.yaml", "workload.mix=[{command: MGET, weight: 1, keys: 0}]"); err == nil {
		t.Error("MGET of no key is accepted")
	}
}
