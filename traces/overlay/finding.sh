#!/bin/sh
# Nothing that carries a packet between the nodes is a flow, and every captured packet counts once.
#
#	finding.sh WEIR
set -u
weir=$(readlink -f "$1")
cd "$(dirname "$0")" || exit 1
failed=0

expect() {
	[ "$2" = "$3" ] && return
	printf '%s:\nwanted %s\ngot    %s\n' "$1" "$2" "$3"
	failed=1
}

replayed() {
	"$weir" replay -f manifests -f tunnel -r "$1"
}

expect 'flows of the network between the nodes' '' \
	"$(replayed capture/to-worker2.pcap | grep -E '8472|node/worker .* node/worker2')"
# tcpdump captured 22 + 22 + 32 + 64 + 34 + 82, of which 18 are ARP.
expect 'packets of all files' \
	'packets    256 = 112 allowed + 126 denied + 0 ambiguous + 18 not_ip + 0 opaque + 0 malformed' \
	"$(replayed capture | grep '^packets')"
exit $failed
