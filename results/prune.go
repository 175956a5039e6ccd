package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Retention says which bundles stay.
type Retention struct {
	// Keep is how many of each scenario stay, the newest; 0 is none for its
	// number.
	Keep int
	// Within keeps what began less than this before Now; 0 keeps none for its age.
	Within time.Duration
	Now    time.Time
	// Failed keeps every run whose verdict is not pass.
	Failed bool
	// Killed gives up killed runs that left nothing in force, unless Within keeps them.
	// Without it they stay.
	Killed bool
	// Complete keeps every run that ended by itself.
	Complete bool
}

// Pruned is what Prune did, or would do, with an entry of a folder.
type Pruned struct {
	Dir string `json:"dir"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Chosen is true of what retention does not keep, and Removed if it went: in a dry run
	// nothing does. Why says why it stays, or what it was.
	Chosen  bool   `json:"chosen"`
	Removed bool   `json:"removed"`
	Why     string `json:"why"`
}

// Prune removes the bundles under root that retention does not keep, or with dry
// only reports. It touches nothing but sealed, unchanged bundles and those of killed runs,
// which hold no other files and no links, and removes only files that it knows to be the
// run's.
func Prune(root string, keep Retention, dry bool) ([]Pruned, error) {
	entries, err := List(root)
	if err != nil {
		return nil, err
	}
	seen := map[string]int{}
	var list []Pruned
	for _, e := range slices.Backward(entries) {
		p, err := prune(e, keep, seen, dry)
		if err != nil {
			return list, fmt.Errorf("removing %s: %w", e.Dir, err)
		}
		list = append(list, p)
	}
	slices.Reverse(list)
	return list, nil
}

// prune is Prune of one bundle. seen counts the newer ones of each scenario.
func prune(e Entry, keep Retention, seen map[string]int, dry bool) (Pruned, error) {
	p := Pruned{Dir: e.Dir}
	files, size, err := removable(e.Dir)
	switch {
	case keep.Killed && (errors.Is(err, ErrUnsealed) || errors.Is(e.Err, ErrUnsealed)):
		return pruneKilled(e, keep, dry)
	case err != nil:
		p.Why = err.Error()
	case e.Run == nil:
		p.Why = e.Err.Error()
	default:
		seen[e.Run.Name]++
		p.Size = size
		p.Why = keep.reason(e.Run, seen[e.Run.Name])
		p.Chosen = p.Why == ""
	}
	if !p.Chosen {
		return p, nil
	}
	p.Why = fmt.Sprintf("%s of %s", e.Run.Name, e.Run.Start.UTC().Format("2006-01-02 15:04"))
	if dry {
		return p, nil
	}
	p.Removed = true
	return p, remove(e.Dir, files)
}

// pruneKilled is prune of a run that did not end by itself. It holds the lock of the run's
// journal, as a process of the run would, so a run under way stays. So does one that was not
// recovered: it may have left faults, keys in a cluster of others, or objects on Kubernetes, and
// only its journal says how to undo them.
func pruneKilled(e Entry, keep Retention, dry bool) (Pruned, error) {
	p := Pruned{Dir: e.Dir}
	j, err := OpenJournal(e.Dir)
	if err != nil {
		p.Why = err.Error()
		return p, nil
	}
	defer j.Close()
	files, size, err := partial(e.Dir)
	p.Size = size
	switch place := j.Local(); {
	case err != nil && place != nil && place.KeepVolumes && j.Recovered():
		p.Why = "the data of its nodes was kept on purpose: remove " + VolumesDir + " yourself"
	case err != nil:
		p.Why = err.Error()
	case len(j.Open()) > 0:
		p.Why = fmt.Sprintf("killed while a fault was active: run 'slotstorm recover %s' first", e.ID)
	case !j.Recovered():
		p.Why = fmt.Sprintf("killed: run 'slotstorm recover %s' first, which removes what it left elsewhere", e.ID)
	case keep.Within > 0 && keep.Now.Sub(started(e)) < keep.Within:
		p.Why = "recent"
	default:
		p.Chosen, p.Why = true, "killed"
	}
	if !p.Chosen || dry {
		return p, nil
	}
	p.Removed = true
	return p, remove(e.Dir, files)
}

// partial is removable for the bundle of a killed run, in which no file is sealed.
func partial(dir string) (list []string, size int64, err error) {
	f, err := OpenFolder(dir)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if f.has(VolumesDir) {
		return nil, 0, fmt.Errorf("killed, and it still holds the data of its nodes: run 'slotstorm recover %s' first", path.Base(dir))
	}
	err = f.walk("", func(name string, st fs.FileInfo) error {
		if !written(name) && !rendering(name) && name != SumsFile && name != signatureFile {
			return fmt.Errorf("it holds %q, which is no part of the run", name)
		}
		list, size = append(list, name), size+st.Size()
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	folders, err := f.folders(list)
	return append(list, folders...), size, err
}

// written reports whether a run writes a file of this name.
func written(name string) bool {
	if folder, base := path.Split(name); folder == "nodes/" {
		return slices.ContainsFunc([]string{".log", ".info.jsonl", ".before.txt", ".after.txt"}, func(end string) bool { return strings.HasSuffix(base, end) })
	}
	return evidence(name)
}

// reason is why a run stays, as the nth newest of its scenario; empty if it does
// not.
func (k Retention) reason(r *Run, nth int) string {
	switch {
	case k.Complete:
		return "it was not killed"
	case nth <= k.Keep:
		return fmt.Sprintf("among the newest %d of %s", k.Keep, r.Name)
	case k.Within > 0 && k.Now.Sub(r.Start) < k.Within:
		return "recent"
	case k.Failed && r.Summary != nil && r.Summary.Verdict != Pass:
		return "its verdict is " + string(r.Summary.Verdict)
	}
	return ""
}

// removable lists what a sealed bundle is made of, files before the folders that
// they are in, with its size; or says why it is none.
func removable(dir string) (list []string, size int64, err error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil, 0, errors.New("not a folder")
	}
	f, err := OpenFolder(dir)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	seal, err := f.verify()
	if err != nil {
		return nil, 0, err
	}
	raw, err := f.ReadFile(RunFile)
	if err != nil {
		return nil, 0, err
	}
	r, err := decodeRun(raw)
	if err != nil {
		return nil, 0, err
	}
	err = f.walk("", func(name string, st fs.FileInfo) error {
		if _, sealed := seal.sums[name]; !sealed && !rendering(name) && name != SumsFile && name != signatureFile && !r.owns(name) {
			return fmt.Errorf("it holds %q, which is no part of the run", name)
		}
		list, size = append(list, name), size+st.Size()
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	folders, err := f.folders(list)
	return append(list, folders...), size, err
}

// owns reports whether a file under volumes/ is one that a node of the run makes:
// what else lies there is not the run's to remove.
func (r *Run) owns(name string) bool {
	rest, ok := strings.CutPrefix(name, VolumesDir+"/")
	if !ok {
		return false
	}
	rest = strings.TrimPrefix(rest, "backup/")
	node, file, _ := strings.Cut(rest, "/")
	if !slices.ContainsFunc(r.Nodes, func(n Node) bool { return n.Name == node }) {
		return false
	}
	file = strings.TrimPrefix(file, "appendonlydir/")
	switch path.Ext(file) {
	case ".rdb", ".aof", ".manifest":
		return !strings.Contains(file, "/")
	}
	return slices.Contains([]string{"redis.conf", "nodes.conf", "nodes.conf.tmp", "ca.crt", "tls.crt", "tls.key", "log"}, file)
}

// folders are those of the bundle, inner ones first. One that holds no file of
// the run, and is none that every bundle has, is somebody else's.
func (f *Folder) folders(files []string) (list []string, err error) {
	known := map[string]bool{".": true, "audit": true, "nodes": true, "plots": true, VolumesDir: true}
	for _, name := range files {
		for dir := path.Dir(name); !known[dir]; dir = path.Dir(dir) {
			known[dir] = true
		}
	}
	err = fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || name == "." {
			return err
		}
		if !known[name] && !strings.HasPrefix(name, VolumesDir+"/") {
			return fmt.Errorf("it holds the folder %q, which is no part of the run", name)
		}
		list = append(list, name)
		return nil
	})
	slices.Reverse(list)
	return list, err
}

// remove removes what removable has listed, and then the bundle's folder. What
// has come into it since stays, with an error.
func remove(dir string, list []string) error {
	f, err := OpenFolder(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, name := range list {
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Remove(dir)
}
