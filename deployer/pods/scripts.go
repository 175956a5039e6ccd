package pods

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/deployer"
)

// shellWord writes a word so that a POSIX shell reads it back as one. Whatever comes
// from a scenario, a server or the environment goes into a script through it.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// script fills in what a script of the ConfigMap needs: how to ask a node, and
// the names of all pods.
func (p *Plan) script(text string) string {
	ask := "redis-cli"
	if p.tls() {
		ask += fmt.Sprintf(" --tls --sni %s --cacert %s/ca.crt", deployer.ServerName, secretDir)
	}
	if p.mutual() {
		// The nodes' certificate is one for clients too: they are each other's.
		ask += fmt.Sprintf(" --cert %s/tls.crt --key %s/tls.key", secretDir, secretDir)
	}
	login := ""
	if p.auth() {
		if p.Login.Username != "" {
			ask += " --user " + shellWord(p.Login.Username)
		}
		// redis-cli reads it from there: a process' arguments are for all to see.
		login = "REDISCLI_AUTH=$(cat " + secretDir + "/password)\nexport REDISCLI_AUTH\n"
	}
	var peers []string
	for n := range 1 + p.Redis.ReplicasPerShard {
		for shard := range p.Redis.Shards {
			peers = append(peers, shellWord(NodeName(shard, n)+"."+Name))
		}
	}
	hostname := ""
	if p.Redis.Hostnames() {
		hostname = ` --cluster-announce-hostname "$POD_NAME.` + Name + `"`
	}
	return strings.NewReplacer("@HOSTNAME@", hostname, "@ASK@", "timeout 2 "+ask, "@LOGIN@", login, "@PEERS@", strings.Join(peers, " "),
		"@DUMP@", shellWord(snapshotFile(p.Redis)), "@LIMIT@", fmt.Sprint(int(handOverLimit.Seconds()))).Replace(text)
}

// startScript runs redis-server under the pod's IP of now. A node that was a
// member before introduces itself to the others under their names: when all pods
// are made anew at once, no address in nodes.conf is true any more, and no node
// would ever find another. A backup is taken up where the way back from an upgrade
// asks for it (Restore). A node that is to stay down waits before all that.
const startScript = `#!/bin/sh
# Runs redis-server, announced under the IP that the pod has now.
@LOGIN@cd /data || exit 1
if [ -f away ]; then
  end=$(cat away)
  while [ -f away ] && [ "$(date +%s)" -lt "$end" ]; do sleep 0.2; done
  rm -f away
fi
if [ -f backup/restore ]; then
  cp backup/@DUMP@ backup/nodes.conf . && rm backup/restore || exit 1
fi
if [ -s nodes.conf ]; then
  (
    until [ "$(@ASK@ ping)" = PONG ]; do sleep 0.2; done
    for peer in @PEERS@; do
      [ "$peer" = "$POD_NAME.redis" ] && continue
      (
        for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
          [ "$(@ASK@ -h "$peer" cluster meet "$POD_IP" 6379)" = OK ] && break
          sleep 1
        done
      ) &
    done
  ) >/dev/null 2>&1 &
fi
config=/etc/slotstorm/config/$POD_NAME.conf
[ -f "$config" ] || config=/etc/slotstorm/config/redis.conf
exec redis-server "$config" --cluster-announce-ip "$POD_IP"@HOSTNAME@
`

// readyScript is PING, never the state of the cluster: a node that is kept from
// others because the cluster is not whole can never make it whole.
const readyScript = `#!/bin/sh
@LOGIN@[ "$(@ASK@ ping)" = PONG ]
`

// aliveScript bears with a node that is kept down, loads its data or waits for its
// primary: a restart would only have it begin again.
const aliveScript = `#!/bin/sh
[ -f /data/away ] && exit 0
@LOGIN@case "$(@ASK@ ping 2>&1)" in
PONG* | *LOADING* | *MASTERDOWN* | *BUSY*) exit 0 ;;
esac
exit 1
`

// stopScript has a primary hand its role to a replica that follows it before
// redis-server is asked to stop. It gives up in time: soon where no replica is
// connected, for one that has just started is within moments.
const stopScript = `#!/bin/sh
# Hands the role of a primary over to a replica.
@LOGIN@role() { @ASK@ info replication | grep -c '^role:master'; }
now=$(date +%s)
end=$((now + @LIMIT@))
alone=$((now + 3))
while [ "$(role)" = 1 ] && [ "$(date +%s)" -lt "$end" ]; do
  replica=$(@ASK@ info replication | sed -n 's/^slave[0-9]*:ip=\([^,]*\),port=\([0-9]*\),state=online.*/\1/p' | head -n 1)
  if [ -z "$replica" ]; then
    [ "$(@ASK@ info replication | grep -c '^slave[0-9]')" != 0 ] || [ "$(date +%s)" -lt "$alone" ] || exit 0
    sleep 0.2
    continue
  fi
  @ASK@ -h "$replica" cluster failover >/dev/null
  for look in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(role)" = 1 ] || break
    sleep 0.1
  done
done
exit 0
`
