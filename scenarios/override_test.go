package scenarios

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// overrideCases apply to testdata/valid-everything.yaml. Want is the resolved
// YAML's line, or several; fail is the whole error.
var overrideCases = []struct {
	set  string
	want string
	fail string
}{
	{set: `redis.shards=7`, want: "shards: 7"},
	{set: `redis.config.cluster-node-timeout=1500`, want: `cluster-node-timeout: "1500"`},
	{set: `redis.config.maxmemory=1gb`, want: "maxmemory: 1gb"},
	{set: `timeline.faults[0].at=5s`, want: "at: 5s"},
	{set: `timeline.faults.0.at=5s`, want: "at: 5s"},
	{set: `timeline.faults[0].kill.target=random primary`, want: "target: random primary"},
	{set: `workload.mix=[{command: GET, weight: 1}]`, fail: `testdata/valid-everything.yaml:76:35: objectives[1].command: SET is not in workload.mix`},
	{set: `workload.mix=[{command: SET, weight: 1}, {command: GET, weight: 4}]`, want: "weight: 4"},
	{set: `workload.mix[1].weight=3`, want: "weight: 3"},
	{set: `workload.audit.rate=50`, want: "rate: 50"},
	{set: `workload.keys.prefix=`, want: `prefix: ""`},
	{set: `metadata.labels["example.com/tier"]=two`, want: "example.com/tier: two"},
	{set: `metadata.labels['new.one']=yes`, want: `new.one: "yes"`},
	{set: `metadata.description=a=b`, want: "description: a=b"},
	{set: `objectives[6]={metric: outage.all, max: 0s}`, want: "metric: outage.all"},
	{set: `cluster.local={restartDelay: 1s}`, want: "isolation: auto"},
	{set: "seed=1\n---\nb: 2", fail: "--set seed=1\n---\nb: 2: the value holds a second YAML document\n   | seed=1·---·b: 2\n   |      ^\n  hint: an override sets one field: give each a --set of its own, and quote a text with --- in it"},
	{set: "seed=017", fail: "--set seed=017: seed: 017 is not a decimal number\n   | seed=017\n   |      ^\n  hint: write 17; if octal is meant, write 15"},
	{set: "metadata.labels=\n  one: 1\n  two: 2", want: `two: "2"`},
	{set: "metadata.labels=\n  one: 1\n  two: []", fail: "--set metadata.labels=\n  one: 1\n  two: []: metadata.labels.two: must be a single value, not a list"},
	{set: `repeat=null`, want: "repeat: 1"},
	{set: `timeline.phases[1].duration=1m40s`, want: "duration: 1m40s"},
	{set: `redis.storage=null`, want: "redis:"},
	{set: `redis.auth=null`, want: "redis:"},
	{set: `redis.config["no-such-directive"]=null`, want: "redis:"},
	{set: `redis.nothing=null`, fail: `--set redis.nothing=null: redis.nothing: unknown field
   | redis.nothing=null
   |       ^`},
	{set: `timeline.fault=null`, fail: `--set timeline.fault=null: timeline.fault: unknown field
   | timeline.fault=null
   |          ^
  hint: did you mean faults?`},
	{set: `workload.client.optoins.poolSize=null`, fail: `--set workload.client.optoins.poolSize=null: workload.client.optoins: unknown field
   | workload.client.optoins.poolSize=null
   |                 ^
  hint: did you mean options?`},
	{set: `objectives[6].max=null`, fail: `--set objectives[6].max=null: objectives: there is no item 6 to remove
   | objectives[6].max=null
   |           ^
  hint: leave the override out`},

	{set: `redis.shrads=5`, fail: `--set redis.shrads=5: redis.shrads: unknown field
   | redis.shrads=5
   |       ^
  hint: did you mean shards?`},
	{set: `radis.shards=5`, fail: `--set radis.shards=5: radis: unknown field
   | radis.shards=5
   | ^
  hint: did you mean redis?`},
	{set: `redis.shards=two`, fail: `--set redis.shards=two: redis.shards: must be a whole number, not the text "two"
   | redis.shards=two
   |              ^`},
	{set: `redis.shards=2`, fail: `--set redis.shards=2: redis.shards: must be at least 3, not 2
   | redis.shards=2
   |              ^
  hint: a Redis Cluster needs three primaries, so that two can agree that the third has failed`},
	{set: `redis.storage={size: 1Gi, clas: x}`, fail: `--set redis.storage={size: 1Gi, clas: x}: redis.storage.clas: unknown field
   | redis.storage={size: 1Gi, clas: x}
   |                           ^
  hint: did you mean class?`},
	{set: `redis.storage={size: 1Gi, size: 2Gi}`, fail: `--set redis.storage={size: 1Gi, size: 2Gi}: "size" is stated twice
   | redis.storage={size: 1Gi, size: 2Gi}
   |                           ^`},
	{set: `redis.shards`, fail: `--set redis.shards: the override has no =
   | redis.shards
   |             ^
  hint: write path=value, such as redis.shards=5 or timeline.faults[0].at=5s`},
	{set: `redis..shards=3`, fail: `--set redis..shards=3: a name is missing here
   | redis..shards=3
   |       ^
  hint: write path=value, such as redis.shards=5 or timeline.faults[0].at=5s`},
	{set: `timeline.faults[x].at=5s`, fail: `--set timeline.faults[x].at=5s: "x" is not an index
   | timeline.faults[x].at=5s
   |                ^
  hint: write path=value, such as redis.shards=5 or timeline.faults[0].at=5s`},
	{set: `timeline.faults[0=5s`, fail: `--set timeline.faults[0=5s: the [ is not closed
   | timeline.faults[0=5s
   |                ^
  hint: write path=value, such as redis.shards=5 or timeline.faults[0].at=5s`},
	{set: `timeline.faults[0]at=5s`, fail: `--set timeline.faults[0]at=5s: expected a dot, a [ or a =
   | timeline.faults[0]at=5s
   |                   ^
  hint: write path=value, such as redis.shards=5 or timeline.faults[0].at=5s`},
	{set: `timeline.faults[7].at=5s`, fail: `--set timeline.faults[7].at=5s: timeline.faults: there is no item 7: the list has 2, and the next one is [2]
   | timeline.faults[7].at=5s
   |                ^`},
	{set: `timeline.faults.crash.at=5s`, fail: `--set timeline.faults.crash.at=5s: timeline.faults: there is no "crash": this is a list, its items are [0], [1], ...
   | timeline.faults.crash.at=5s
   |                 ^`},
	{set: `redis[0]=5`, fail: `--set redis[0]=5: redis: there is no [0]: this is a mapping, not a list
   | redis[0]=5
   |      ^`},
	{set: `redis.shards.count=5`, fail: `--set redis.shards.count=5: redis.shards: there is no "count": this is the number 5
   | redis.shards.count=5
   |              ^`},
	{set: `redis.config={maxmemory: 1gb`, fail: `--set redis.config={maxmemory: 1gb: the value is not YAML: did not find expected ',' or '}'
   | redis.config={maxmemory: 1gb
   |              ^
  hint: the value is YAML: quote texts with special characters`},
	{set: "metadata.labels.caf\xe9=x", fail: "--set metadata.labels.caf\\xe9=x: the override is not UTF-8\n   | metadata.labels.caf·=x\n   | ^"},
	{set: `redis.config=&a [*a]`, fail: `--set redis.config=&a [*a]: the anchor &a contains itself
   | redis.config=&a [*a]
   |              ^`},
	{set: `timeline.faults[0].at=3m`, fail: `--set timeline.faults[0].at=3m: timeline.faults[0].at: 3m is not before the end of the timeline, 2m10s
   | timeline.faults[0].at=3m
   |                       ^
  hint: make a phase longer, or inject earlier`},
	{set: `objectives[6].metric=throughput`, fail: `--set objectives[6].metric=throughput: objectives[6]: has no bound
   | objectives[6].metric=throughput
   |           ^
  hint: add max, min or both`},
}

func TestOverrides(t *testing.T) {
	const file = "testdata/valid-everything.yaml"
	for _, c := range overrideCases {
		t.Run(c.set, func(t *testing.T) {
			s, err := Load(file, c.set)
			if c.fail != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.fail) {
					t.Fatalf("got:\n%v\nwant:\n%s", err, c.fail)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out, err := s.YAML()
			if err != nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v\n%s\nlacks %s", err, out, c.want)
			}
			roundTrip(t, s)
		})
	}
}

// The last override of a field wins, and errors keep the order of the command
// line, after those of the file.
func TestOverridesInOrder(t *testing.T) {
	s, err := Load("kill-primary", "seed=2", "seed=3")
	if err != nil || s.Seed != 3 {
		t.Fatalf("seed %v, %v", s, err)
	}
	data, err := os.ReadFile("testdata/invalid-rate-zero.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("f", data, "redis.shards=1", "seed=x", "nothing", "redis.replicasPerShard=9")
	var files []string
	for _, e := range err.(Errors) {
		files = append(files, e.File)
	}
	want := []string{"f", "--set redis.shards=1", "--set seed=x", "--set nothing", "--set redis.replicasPerShard=9"}
	if !reflect.DeepEqual(files, want) {
		t.Errorf("%q, want %q", files, want)
	}
}

// An override of something that an alias brought in changes this use alone.
func TestOverrideBehindAnAlias(t *testing.T) {
	s, err := Load("testdata/valid-anchors.yaml", "timeline.faults[1].kill.target=primary of shard 2", "timeline.phases[1].duration=40s")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := s.Timeline.Faults[0].Kill.Target.Shard, s.Timeline.Faults[1].Kill.Target.Shard; a != 0 || b != 2 {
		t.Errorf("shards %d and %d", a, b)
	}
	if a, b := s.Timeline.Phases[0].Duration, s.Timeline.Phases[1].Duration; a != seconds(10) || b != seconds(40) {
		t.Errorf("durations %s and %s", a, b)
	}
}

func TestOverrideOfAnEmptyField(t *testing.T) {
	text := "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x}\nredis:\ntimeline: {phases: [{name: a, duration: 1s}]}\n"
	s, err := Parse("f", []byte(text), "redis.config.maxmemory=1gb")
	if err != nil || s.Redis.Config["maxmemory"] != "1gb" {
		t.Errorf("%+v, %v", s, err)
	}
}
