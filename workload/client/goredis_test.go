package client

import (
	"maps"
	"reflect"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/scenarios"
)

// notStated are the options that a scenario cannot state, and why.
var notStated = map[string]string{
	"Addrs":                        "the cluster's own",
	"Username":                     "redis.auth",
	"Password":                     "redis.auth",
	"CredentialsProvider":          "a function; redis.auth",
	"CredentialsProviderContext":   "a function; redis.auth",
	"StreamingCredentialsProvider": "an interface; redis.auth",
	"TLSConfig":                    "the dialler encrypts",
	"Dialer":                       "a function: the way to the cluster",
	"DialerRetryBackoff":           "a function; dialerRetryTimeout is its plain form",
	"NewClient":                    "a function",
	"ClusterSlots":                 "a function: set for a server that is no cluster",
	"OnConnect":                    "a function",
	"PushNotificationProcessor":    "an interface",
	"ShardPicker":                  "an interface",
	"DisableIndentity":             "the old spelling of disableIdentity",
	"AutoPipelineOptions":          "for AutoPipeline() alone, which is not used: each request is a call of its own, or workload.pipeline",
}

// Every option of the library can be stated, or is on the list.
func TestEveryOptionOfTheLibraryIsReachable(t *testing.T) {
	left := maps.Clone(notStated)
	var walk func(path string, library, stated reflect.Type)
	walk = func(path string, library, stated reflect.Type) {
		for f := range library.Fields() {
			own, ok := stated.FieldByName(f.Name)
			_, listed := notStated[path+f.Name]
			delete(left, path+f.Name)
			switch {
			case ok == listed:
				t.Errorf("%s%s %s of go-redis: has an option: %v, is on the list: %v", path, f.Name, f.Type, ok, listed)
			case ok && own.Type.Kind() == reflect.Struct:
				walk(path+f.Name+".", f.Type.Elem(), own.Type)
			case ok && !f.Type.ConvertibleTo(own.Type):
				t.Errorf("%s%s is %s, the option is %s", path, f.Name, f.Type, own.Type)
			}
		}
	}
	walk("", reflect.TypeFor[redis.ClusterOptions](), reflect.TypeFor[scenarios.GoRedisOptions]())
	if len(left) > 0 {
		t.Errorf("go-redis does not have %v", left)
	}
}

// What is stated arrives in the library's own options, each in its own field; what
// is not leaves the library its own.
func TestOptionsAreCopied(t *testing.T) {
	var from scenarios.GoRedisOptions
	var to redis.ClusterOptions
	copyOptions(&to, from)
	if to.MaintNotificationsConfig != nil {
		t.Error("nothing is stated, and something set")
	}
	n := int64(0)
	var set func(v reflect.Value)
	set = func(v reflect.Value) {
		for i := range v.NumField() {
			n++
			switch f := v.Field(i); f.Kind() {
			case reflect.Bool:
				f.SetBool(true)
			case reflect.String:
				f.SetString(v.Type().Field(i).Name)
			case reflect.Struct:
				set(f)
			default:
				f.SetInt(n)
			}
		}
	}
	set(reflect.ValueOf(&from).Elem())
	copyOptions(&to, from)
	var compare func(path string, stated, got reflect.Value)
	compare = func(path string, stated, got reflect.Value) {
		for i := range stated.NumField() {
			name, want := stated.Type().Field(i).Name, stated.Field(i)
			have := got.FieldByName(name)
			if want.Kind() == reflect.Struct {
				compare(path+name+".", want, have.Elem())
			} else if !have.Equal(want.Convert(have.Type())) {
				t.Errorf("%s%s is %v, want %v", path, name, have, want)
			}
		}
	}
	compare("", reflect.ValueOf(from), reflect.ValueOf(to))
}
