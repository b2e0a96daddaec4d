#!/bin/sh
# test.sh WEIR GRAPH_FILTER TRACES: the pipeline allows and denies what weir replay --live does.
set -eu
weir=$1 graph_filter=$2 scenario=$3/three-tier
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$weir" compile -f "$scenario/manifests" -f "$scenario/mended" -o "$folder/policy.weir" 2>/dev/null
for name in frontend backend; do
	trace=$scenario/capture/$name.pcap
	want=$("$weir" replay -f "$folder/policy.weir" -r "$trace" --live --summary |
		awk '/^packets/ { print $4 + $10 " allowed, " $7 " denied" }')
	got=$("$graph_filter" "$folder/policy.weir" --no-huge -m 256 --no-pci --no-shconf --no-telemetry \
		--log-level=error --vdev="net_pcap0,rx_pcap=$trace" \
		--vdev="net_pcap1,tx_pcap=$folder/sent.pcap")
	echo "$name: $got, expected $want"
	[ "$got" = "$want" ]
	sent=$(tcpdump -r "$folder/sent.pcap" 2>/dev/null | wc -l)
	[ "$sent allowed" = "${want%%,*}" ]
done
