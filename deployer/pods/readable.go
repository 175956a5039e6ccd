package pods

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// readablePod is the name of the pod that Readable works in.
const readablePod = "slotstorm-readable"

// Readable tries which of some releases reads the files that the others write, in a
// pod of its own: each release writes a key of every type, as a snapshot and as an
// append-only file, in a container that ends; then each reads those of the others.
func (d *Deployment) Readable(ctx context.Context, releases ...scenarios.Release) (_ []results.Readable, err error) {
	if err := d.namespace.Check(ctx); err != nil {
		return nil, err
	}
	pods := d.namespace.Client.CoreV1().Pods(d.namespace.Name)
	made, err := pods.Create(ctx, d.readable(releases), api.CreateOptions{FieldManager: kube.Manager})
	if err != nil {
		return nil, fmt.Errorf("a pod that tries files: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), helperLimit)
		defer cancel()
		now := int64(0)
		gone := pods.Delete(ctx, readablePod, api.DeleteOptions{GracePeriodSeconds: &now, Preconditions: api.NewUIDPreconditions(string(made.UID))})
		if gone != nil && !api.IsNotFound(gone) {
			err = errors.Join(err, fmt.Errorf("removing the pod that tried files: %w", gone))
		}
	}()
	t := time.NewTicker(helperEvery)
	defer t.Stop()
	for p := made; p.Status.Phase != api.PodSucceeded; {
		if p.Status.Phase == api.PodFailed {
			return nil, errors.New("the pod that tries files has failed")
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the pod that tries files is %s: %w", p.Status.Phase, context.Cause(ctx))
		case <-t.C:
		}
		if p, err = pods.Get(ctx, readablePod, api.GetOptions{}); err != nil {
			return nil, fmt.Errorf("looking at the pod that tries files: %w", err)
		}
	}
	var list []results.Readable
	for i := range releases {
		raw, err := pods.GetLogs(readablePod, &api.PodLogOptions{Container: readerName(i)}).DoRaw(ctx)
		if err != nil {
			return nil, fmt.Errorf("what %s has read: %w", releases[i].Image, err)
		}
		read, err := parseReadable(string(raw))
		if err != nil {
			return nil, fmt.Errorf("what %s has read: %w", releases[i].Image, err)
		}
		list = append(list, read...)
	}
	return list, nil
}

func readerName(i int) string { return fmt.Sprintf("reader-%d", i) }

// readable is the pod: a writer for each release, one after the other, and then a
// reader for each.
func (d *Deployment) readable(releases []scenarios.Release) *api.Pod {
	no, yes, atOnce := false, true, int64(0)
	container := func(name, image, script string) api.Container {
		return api.Container{
			Name: name, Image: image, Resources: briefNeeds(), ImagePullPolicy: api.PullIfNotPresent, Command: []string{"sh", "-c", script},
			SecurityContext: &api.SecurityContext{
				AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &api.Capabilities{Drop: []api.Capability{"ALL"}},
			},
			VolumeMounts: []api.VolumeMount{{Name: "files", MountPath: "/files"}},
		}
	}
	pod := &api.Pod{
		ObjectMeta: api.ObjectMeta{Name: readablePod, Labels: d.namespace.Labels(), OwnerReferences: d.namespace.OwnerReferences()},
		Spec: api.PodSpec{
			RestartPolicy: api.RestartPolicyNever, AutomountServiceAccountToken: &no, EnableServiceLinks: &no, TerminationGracePeriodSeconds: &atOnce,
			Volumes:         []api.Volume{{Name: "files", VolumeSource: api.VolumeSource{EmptyDir: &api.EmptyDirVolumeSource{}}}},
			SecurityContext: unprivileged(user, assignsUsers(d.namespace)),
		},
	}
	for i, r := range releases {
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, container(fmt.Sprintf("writer-%d", i), r.Image, fmt.Sprintf(writeFiles, i)))
		var others strings.Builder
		for j := range releases {
			if j != i {
				fmt.Fprintf(&others, " %d", j)
			}
		}
		pod.Spec.Containers = append(pod.Spec.Containers, container(readerName(i), r.Image, fmt.Sprintf(readFiles, i, others.String())))
	}
	if d.options.PullSecret != "" {
		pod.Spec.ImagePullSecrets = []api.LocalObjectReference{{Name: d.options.PullSecret}}
	}
	return pod
}

// writeFiles writes the files of a release: dump.rdb, appendonlydir, and what the server
// prints as its version.
const writeFiles = `
mkdir /files/%[1]d && cd /files/%[1]d || exit 1
redis-server --version >version
redis-server --port 0 --unixsocket /files/%[1]d/socket --dir /files/%[1]d --save '' --appendonly yes >log 2>&1 &
ask() { redis-cli -s /files/%[1]d/socket "$@"; }
until [ "$(ask ping)" = PONG ]; do kill -0 $! || exit 1; sleep 0.1; done
set -e
ask set string v; ask set volatile v ex 3600; ask rpush list a b; ask hset hash f v
ask sadd set a; ask zadd zset 1 a; ask xadd stream 1-1 f v
ask save
ask shutdown nosave || true
wait
`

// sampleSize is how many keys writeFiles writes.
const sampleSize = 7

// readFiles reads the files of the others, and writes a line for each: format,
// writer, reader, and the number of keys, or what the server said, after tabs.
const readFiles = `
me=$(cat /files/%[1]d/version)
for other in%[2]s; do
  for format in RDB AOF; do
    dir=/files/$format-$other-%[1]d
    mkdir $dir && cd $dir || exit 1
    append=no
    if [ $format = AOF ]; then
      append=yes
      cp -r /files/$other/appendonlydir . 2>/dev/null || cp /files/$other/appendonly.aof .
    else
      cp /files/$other/dump.rdb .
    fi
    redis-server --port 0 --unixsocket $dir/socket --dir $dir --save '' --appendonly $append >log 2>&1 &
    said=
    until [ "$(redis-cli -s $dir/socket ping 2>/dev/null)" = PONG ]; do
      kill -0 $! 2>/dev/null || { said=$(sed -n 's/^[^#]* # //p' log | grep -v -i -e '^warning' -e oO0OoO0 -e 'Redis version' | tail -n 3 | tr '\n\t' '| '); break; }
      sleep 0.1
    done
    if [ -z "$said" ]; then
      said=$(redis-cli -s $dir/socket dbsize)
      redis-cli -s $dir/socket shutdown nosave
    fi
    wait
    printf '%%s\t%%s\t%%s\t%%s\n' $format "$(cat /files/$other/version)" "$me" "$said"
  done
done
`

// parseReadable reads what readFiles writes.
func parseReadable(text string) ([]results.Readable, error) {
	var list []results.Readable
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimRight(line, "\n"), "\t", 4)
		if len(parts) != 4 {
			return nil, fmt.Errorf("%q is not format, writer, reader and what was read", line)
		}
		r := results.Readable{Format: parts[0], Evidence: strings.TrimRight(parts[3], "| ")}
		var wrote, reads bool
		r.Writer, wrote = results.ServerOfOutput(parts[1])
		r.Reader, reads = results.ServerOfOutput(parts[2])
		if !wrote || !reads {
			return nil, fmt.Errorf("%q and %q do not both name a server and its version", parts[1], parts[2])
		}
		var keys int
		if n, err := fmt.Sscanf(r.Evidence, "%d", &keys); n == 1 && err == nil && fmt.Sprint(keys) == r.Evidence {
			r.OK, r.Evidence = keys == sampleSize, fmt.Sprintf("%d of %d keys are there", keys, sampleSize)
		}
		list = append(list, r)
	}
	return list, nil
}
