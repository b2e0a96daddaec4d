#!/usr/bin/env bash
# capture.sh SCENARIO: makes SCENARIO/capture, the scenario's traffic on an open network, as tcpdump
# saw it on the node's side of the pods' veths. Needs root. Nothing but its own namespaces is touched.
set -uo pipefail
. "$(dirname "$(readlink -f "$0")")/pods.sh"
cd "$1" || exit 2
. ./scenario.sh

tap_node() {
	case $1 in
	*:*) echo "${1%%:*}" ;;
	*) echo worker ;;
	esac
}

lab_begin
build_cluster
start_servers

captures=()
for name in "${taps[@]}"; do
	ip netns exec "$lab-$(tap_node "$name")" tcpdump -i "${name#*:}" -B 32768 -Z root -U --time-stamp-precision=nano \
		-w "$lab_folder/${name#*:}.pcap" 2>"$lab_folder/${name#*:}.tcpdump" &
	captures+=($!)
	lab_servers+=($!)
done
for name in "${taps[@]}"; do
	for try in $(seq 50); do
		grep -q 'listening on' "$lab_folder/${name#*:}.tcpdump" && break
		sleep 0.1
	done
done

while read -r client how address port _; do
	try $client $how $address $port 2 || lab_fail "$client cannot reach $address $how $port on an open network"
done < <(connections)

sleep 1
kill -TERM "${captures[@]}"
wait "${captures[@]}"
for name in "${taps[@]}"; do
	captured=$(sed -n 's/^\([0-9]*\) packets\{0,1\} captured$/\1/p' "$lab_folder/${name#*:}.tcpdump")
	received=$(sed -n 's/^\([0-9]*\) packets\{0,1\} received by filter$/\1/p' "$lab_folder/${name#*:}.tcpdump")
	[ -n "$captured" ] && [ "$captured" = "$received" ] ||
		lab_fail "tcpdump lost packets on $name: captured $captured of $received"
	echo "$name: $captured packets"
done
rm -rf capture
mkdir capture
cp "$lab_folder"/*.pcap capture/
