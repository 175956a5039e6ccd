package dial_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// others open connections too, but to nothing that speaks Redis, or as a part of
// what a Dialer opens.
var others = map[string]string{
	"internal/dial/dial.go":             "the Dialer itself",
	"deployer/cluster.go":               "go-redis, with the options of a Dialer",
	"workload/client/goredis.go":        "go-redis, with the options of a Dialer",
	"internal/loader/discover.go":       "go-redis, with the options of a Dialer",
	"chaos/agent/agent.go":              "opens a connection and closes it: whether packets pass",
	"deployer/pods/generators.go":       "a generator, from within the cluster",
	"workload/remote/identity.go":       "generators and the controller, with a key of the run",
	"workload/remote/link.go":           "generators and the controller, with a key of the run",
	"workload/wire/sys_linux.go":        "plain TCP where Dialer.Plain allows it",
	"bench":                             "measures other programs",
	"clusters/kube/kubetest/streams.go": "an API server for tests, which forwards ports",
}

// opens are the ways to open a connection, or to make a client that does.
var opens = map[string][]string{
	"net":   {"Dial", "DialTimeout", "Dialer", "DialTCP", "DialIP", "DialUDP", "DialUnix"},
	"tls":   {"Dial", "DialWithDialer", "Dialer", "Client", "Config"},
	"redis": {"NewClient", "NewClusterClient", "NewFailoverClient", "NewUniversalClient", "NewRing"},
	"unix":  {"Connect"},
}

// Only the Dialer opens connections to servers, so that no caller can forget the
// certificates and the password.
func TestNobodyElseOpensConnections(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if _, ok := others[name]; ok || strings.HasPrefix(d.Name(), ".") && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && slices.Contains(opens[x.Name], s.Sel.Name) {
					if _, allowed := others[name]; !allowed {
						t.Errorf("%s uses %s.%s: open connections through a dial.Dialer", name, x.Name, s.Sel.Name)
					}
					seen[name] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range others {
		if !seen[name] && name != "bench" {
			t.Errorf("%s opens nothing any more: take it off the list", name)
		}
	}
}
