package scenarios

import "strings"

func (d *document) validateUpgrade(s *Scenario) {
	u := s.Timeline.Upgrade
	if u == nil {
		return
	}
	const path = "timeline.upgrade"
	end, by := s.Timeline.Length(), phaseFields(s.Timeline, "duration")
	if u.At >= end {
		d.reject(path+".at", by, "make a phase longer, or upgrade earlier", "%s is not before the end of the timeline, %s", u.At, end)
	}
	if s.Cluster.Provider == "local" && u.To.Binary == "" {
		d.reject(path+".to", []string{"cluster.provider", path + ".to.binary"}, "write to: {binary: /opt/redis-8/bin/redis-server}", "names no binary for the local provider")
	}
	if s.Cluster.Provider != "local" && u.To.Image == "" {
		d.reject(path+".to", []string{"cluster.provider", path + ".to.image"}, "write to: {image: \"redis:8.0\"}", "names no image for Kubernetes")
	}
	if u.Handover && s.Redis.ReplicasPerShard == 0 {
		d.reject(path+".handover", []string{"redis.replicasPerShard"}, "set redis.replicasPerShard, or handover: false", "there is no replica to hand over to: redis.replicasPerShard is 0")
	}
	r := u.Rollback
	if r == nil {
		return
	}
	switch at := path + ".rollback.at"; {
	case r.At <= u.At:
		d.reject(at, []string{path + ".at"}, "roll back after the upgrade", "%s is not after the upgrade, at %s", r.At, u.At)
	case r.At >= end:
		d.reject(at, by, "make a phase longer, or roll back earlier", "%s is not before the end of the timeline, %s", r.At, end)
	}
	if r.From == FromBackup && s.Redis.some("appendonly", func(value string, _ bool) bool { return strings.EqualFold(value, "yes") }) {
		d.reject(path+".rollback.from", []string{"redis.config"}, "leave appendonly out, or roll back from volumes",
			"the backup is a snapshot, which a Redis with appendonly yes does not read")
	}
}
