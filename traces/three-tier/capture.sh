#!/usr/bin/env bash
# Makes capture/: the traffic of the three-tier application on an open network, as tcpdump saw it on
# the node's side of every pod's veth. Needs root. Nothing else than its own namespaces is touched.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. ./pods.sh

lab_begin
build_cluster
start_servers

captures=()
for name in frontend backend db dns outside; do
	ip netns exec "$lab-worker" tcpdump -i $name -B 32768 -Z root -U --time-stamp-precision=nano \
		-w "$lab_folder/$name.pcap" 2>"$lab_folder/$name.tcpdump" &
	captures+=($!)
	lab_servers+=($!)
done
for name in frontend backend db dns outside; do
	for try in $(seq 50); do
		grep -q 'listening on' "$lab_folder/$name.tcpdump" && break
		sleep 0.1
	done
done

while read -r client how address port _; do
	try $client $how $address $port 2 || lab_fail "$client cannot reach $address $how $port on an open network"
done < <(connections)

sleep 1
kill -TERM "${captures[@]}"
wait "${captures[@]}"
for name in frontend backend db dns outside; do
	captured=$(sed -n 's/^\([0-9]*\) packets\{0,1\} captured$/\1/p' "$lab_folder/$name.tcpdump")
	received=$(sed -n 's/^\([0-9]*\) packets\{0,1\} received by filter$/\1/p' "$lab_folder/$name.tcpdump")
	[ -n "$captured" ] && [ "$captured" = "$received" ] ||
		lab_fail "tcpdump lost packets on $name: captured $captured of $received"
	echo "$name: $captured packets"
done
rm -rf capture
mkdir capture
cp "$lab_folder"/*.pcap capture/
