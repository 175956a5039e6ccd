#!/bin/sh
# A Redis Cluster that slotstorm did not deploy: six redis-servers on this machine.
#
#   cluster.sh start        on ports 7301 to 7306, with their data in ./their-cluster
#   cluster.sh stop         ends them and removes the data
#   cluster.sh serve PORT   starts one of them again
#
# DIR and PORT choose another folder and another first port.
set -eu
dir=${DIR:-their-cluster}
first=${PORT:-7301}
ports=$(seq "$first" $((first + 5)))

serve() {
	mkdir -p "$dir/$1"
	redis-server --port "$1" --bind 127.0.0.1 --dir "$(cd "$dir/$1" && pwd)" --pidfile pid --logfile log --daemonize yes \
		--cluster-enabled yes --cluster-node-timeout 2000 --appendonly yes >/dev/null
}

case ${1:-} in
start)
	nodes=
	for port in $ports; do
		serve "$port"
		nodes="$nodes 127.0.0.1:$port"
	done
	for port in $ports; do
		until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.1; done
	done
	# shellcheck disable=SC2086 # a list of words
	redis-cli --cluster create $nodes --cluster-replicas 1 --cluster-yes >/dev/null
	# A replica that has just been made one has to copy the data first.
	for port in $ports; do
		until redis-cli -p "$port" info replication | grep -qE 'connected_slaves:1|master_link_status:up'; do sleep 0.1; done
	done
	;;
stop)
	for port in $ports; do
		[ -e "$dir/$port/pid" ] && kill -KILL "$(cat "$dir/$port/pid")" 2>/dev/null || true
	done
	rm -rf "$dir"
	;;
serve) serve "$2" ;;
*)
	sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
