package workload

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Every plain option of the library can be stated, but for those that slotstorm
// sets itself and an old spelling.
func TestEveryOptionOfTheLibraryIsReachable(t *testing.T) {
	own := []string{"Username", "Password", "DisableIndentity"}
	stated := reflect.TypeFor[scenarios.GoRedisOptions]()
	for f := range reflect.TypeFor[redis.ClusterOptions]().Fields() {
		plain := slices.Contains([]reflect.Kind{reflect.Bool, reflect.Int, reflect.Int64, reflect.String}, f.Type.Kind())
		if _, ok := stated.FieldByName(f.Name); plain && !ok && !slices.Contains(own, f.Name) {
			t.Errorf("%s %s of go-redis has no option", f.Name, f.Type)
		}
	}
}

// What is stated arrives in the library's own options, each in its own field.
func TestOptionsAreCopied(t *testing.T) {
	var from scenarios.GoRedisOptions
	v := reflect.ValueOf(&from).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.String:
			f.SetString(v.Type().Field(i).Name)
		default:
			f.SetInt(int64(i + 1))
		}
	}
	var to redis.ClusterOptions
	copyOptions(&to, from)
	got := reflect.ValueOf(to)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		want := v.Field(i).Interface()
		if d, ok := want.(scenarios.Duration); ok {
			want = time.Duration(d)
		}
		if have := got.FieldByName(name).Interface(); have != want {
			t.Errorf("%s is %v, want %v", name, have, want)
		}
	}
}
