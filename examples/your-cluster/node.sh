#!/bin/sh
# The programs of an exec fault: kills a node of cluster.sh, and starts it again.
# slotstorm sets SLOTSTORM_STEP and SLOTSTORM_ADDRESSES.
set -eu
port=${SLOTSTORM_ADDRESSES##*:}
pid=$(cat "${DIR:-their-cluster}/$port/pid")
case $SLOTSTORM_STEP in
inject)
	kill -KILL "$pid"
	echo "killed process $pid"
	;;
prove) ! redis-cli -p "$port" ping >/dev/null 2>&1 ;;
heal) "$(dirname "$0")/cluster.sh" serve "$port" ;;
esac
