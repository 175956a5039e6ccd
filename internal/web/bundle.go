package web

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"github.com/slotstorm/slotstorm/results"
)

// filePolicy is for files of bundles, which may come from somebody else: a document without
// an origin that runs no script, sends no request and no form, and opens no window. Its
// own styles and embedded pictures are shown.
const filePolicy = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"

// served are the files of a bundle and their content types. Other files in the folder, such
// as the volumes of nodes or scripts, are not sent.
var served = []struct{ pattern, kind string }{
	{"report.html", "text/html"}, {"upgrade.html", "text/html"}, {"audit/*.html", "text/html"},
	{"plots/*.png", "image/png"},
	{"run.json", "application/json"}, {"upgrade.json", "application/json"},
	{"*.jsonl", "text/plain"}, {"audit/*.jsonl", "text/plain"},
	{"report.md", "text/plain"}, {"upgrade.md", "text/plain"}, {"junit.xml", "text/plain"},
	{"scenario.yaml", "text/plain"}, {"replay.txt", "text/plain"}, {results.HlogFile, "text/plain"},
	{"nodes/*.log", "text/plain"}, {"nodes/*.txt", "text/plain"},
	{results.SumsFile, "text/plain"}, {results.SumsFile + ".sig", "text/plain"},
}

// kindOf is the content type of a bundle's file; empty if it is none.
func kindOf(name string) string {
	for _, f := range served {
		if ok, err := path.Match(f.pattern, name); err == nil && ok {
			if f.kind == "image/png" {
				return f.kind
			}
			return f.kind + "; charset=utf-8"
		}
	}
	return ""
}

// open opens a regular file of a bundle, within the bounds of package results.
func open(dir, name string) (*os.File, fs.FileInfo, error) {
	folder, err := results.OpenFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	defer folder.Close()
	f, err := folder.Open(name)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, st, nil
}
