package results

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Server is what a node runs, as it says itself.
type Server struct {
	// Product is the server's name in lower case: "redis" or "valkey".
	Product string `json:"product"`
	Version string `json:"version"`
}

// The products whose behaviour slotstorm knows.
const (
	ProductRedis  = "redis"
	ProductValkey = "valkey"
)

// ServerOfInfo reads INFO's server section. The field redis_version of Valkey is a
// version of Redis that it is compatible with, 7.2.4 in all of its releases:
// server_name and valkey_version are what it is. Redis itself has no server_name.
func ServerOfInfo(info string) Server {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	s := Server{ProductRedis, fields["redis_version"]}
	if name := fields["server_name"]; name != "" && fields[name+"_version"] != "" {
		s = Server{name, fields[name+"_version"]}
	}
	if s.Version == "" {
		return Server{}
	}
	return s
}

var versionOutput = regexp.MustCompile(`^(\w+) server v=(\d+\.\d+(?:\.\d+)*)`)

// ServerOfOutput reads what a server prints for --version: "Valkey server v=9.1.2
// sha=...". The second result is false if it is not the output of a server.
func ServerOfOutput(text string) (Server, bool) {
	m := versionOutput.FindStringSubmatch(text)
	if m == nil {
		return Server{}, false
	}
	return Server{strings.ToLower(m[1]), m[2]}, true
}

// Name is the product as people write it: "Valkey". It is empty of a server that is
// not known.
func (s Server) Name() string {
	if s.Product == "" {
		return ""
	}
	return strings.ToUpper(s.Product[:1]) + s.Product[1:]
}

// String is product and version: "Valkey 9.1.2". It is empty of a server that is not
// known.
func (s Server) String() string {
	if s.Version == "" {
		return s.Name()
	}
	return strings.TrimSpace(s.Name() + " " + s.Version)
}

// AtLeast reports whether the version is major.minor or later. It is false if the
// version is not known.
func (s Server) AtLeast(major, minor int) bool {
	parts := strings.SplitN(s.Version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, errA := strconv.Atoi(parts[0])
	b, errB := strconv.Atoi(parts[1])
	return errA == nil && errB == nil && (a > major || a == major && b >= minor)
}

// UnmarshalJSON reads a server, also of older bundles, which had the version of Redis
// alone, as a string.
func (s *Server) UnmarshalJSON(b []byte) error {
	type plain Server
	var version string
	if json.Unmarshal(b, &version) == nil {
		*s = Server{}
		if version != "" {
			*s = Server{ProductRedis, version}
		}
		return nil
	}
	if err := json.Unmarshal(b, (*plain)(s)); err != nil {
		return fmt.Errorf("a server: %w", err)
	}
	return nil
}
