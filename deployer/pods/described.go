package pods

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/slotstorm/slotstorm/scenarios"
)

// ErrDiffers says that a deployment is not the one that a scenario describes.
var ErrDiffers = errors.New("the deployment is not what the scenario asks for")

// described is a scenario's redis section in JSON, which holds nothing secret.
// Fields that do not shape the deployment are left out.
func described(r scenarios.Redis) string {
	raw, err := json.Marshal(shape(r))
	if err != nil {
		panic(err) // it is strings and numbers
	}
	return string(raw)
}

func shape(r scenarios.Redis) scenarios.Redis {
	r.Binary = ""
	if r.Auth != nil {
		r.Auth = &scenarios.Auth{Enabled: r.Auth.Enabled}
	}
	return r
}

// differences lists where a deployment is not as a scenario describes it.
func differences(there, here scenarios.Redis) []string {
	is, wanted := fields(described(there)), fields(described(here))
	var list []string
	all := maps.Clone(is)
	maps.Copy(all, wanted)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if is[name] != wanted[name] {
			list = append(list, fmt.Sprintf("redis.%s is %s there, and %s in the scenario", name, orNothing(is[name]), orNothing(wanted[name])))
		}
	}
	return list
}

// fields are the values in a JSON object, by their paths.
func fields(text string) map[string]string {
	var root map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &root) != nil {
		return nil
	}
	list := map[string]string{}
	for name, raw := range root {
		inner := fields(string(raw))
		if inner == nil {
			list[name] = string(raw)
		}
		for path, value := range inner {
			list[name+"."+path] = value
		}
	}
	return list
}

func orNothing(text string) string {
	if text == "" {
		return "not set"
	}
	return text
}
