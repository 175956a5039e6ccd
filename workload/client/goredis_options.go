package client

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// copyOptions copies the fields that both structs have under one name. What the
// library has behind a pointer stays its own if nothing of it is stated.
func copyOptions(to *redis.ClusterOptions, from scenarios.GoRedisOptions) {
	copyFields(reflect.ValueOf(to).Elem(), reflect.ValueOf(from))
}

func copyFields(to, from reflect.Value) {
	for i := range from.NumField() {
		src, dst := from.Field(i), to.FieldByName(from.Type().Field(i).Name)
		switch {
		case src.Kind() != reflect.Struct:
			dst.Set(src.Convert(dst.Type()))
		case !src.IsZero():
			dst.Set(reflect.New(dst.Type().Elem()))
			copyFields(dst.Elem(), src)
		}
	}
}

// effective lists the values of the options that can be stated: those of the cluster
// client or, where it leaves them open, of a node's client.
func effective(prefix string, stated, cluster, node reflect.Value) []results.Option {
	var list []results.Option
	for i := range stated.NumField() {
		field := stated.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		value := cluster.FieldByName(field.Name)
		own := node.FieldByName(field.Name)
		if own.IsValid() && value.IsZero() {
			value = own
		}
		if field.Type.Kind() != reflect.Struct {
			list = append(list, results.Option{Name: prefix + name, Value: fmt.Sprint(value.Interface()), Stated: !stated.Field(i).IsZero()})
			continue
		}
		if own.IsValid() && !own.IsNil() {
			value = own
		}
		if !value.IsNil() {
			list = append(list, effective(prefix+name+".", stated.Field(i), value.Elem(), value.Elem())...)
		}
	}
	return list
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return "unknown"
}
