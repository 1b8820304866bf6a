#!/usr/bin/env bash
# A controller's test: starts it, starts a switch with four hosts, asks. Status 0: all held. Usage: controller-test.sh APPLICATION.py
set -euo pipefail
application=$1
ctswitch=${CTSWITCH:-npx ctswitch}
controller_port=${CONTROLLER_PORT:-6653}
export CTSWITCH_RUNDIR
CTSWITCH_RUNDIR=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$CTSWITCH_RUNDIR"' EXIT

osken-manager --ofp-tcp-listen-port "$controller_port" "$application" > controller.log 2>&1 &
$ctswitch demo --controller "tcp:127.0.0.1:$controller_port" --listen ptcp:0 < /dev/null > switch.log 2>&1 &
for _ in $(seq 100); do $ctswitch ctl version > /dev/null 2>&1 && break; sleep 0.1; done

# No sleeping: each wait ends when its condition holds, or fails with status 4.
$ctswitch ctl wait controller --timeout 20
$ctswitch ctl wait flow table=0 --timeout 10
$ctswitch ctl pingall
$ctswitch ctl wait flow dl_src=50:54:00:00:00:01,dl_dst=50:54:00:00:00:02 --timeout 5
echo "the controller's test: well"
