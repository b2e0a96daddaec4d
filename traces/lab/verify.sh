#!/usr/bin/env bash
# verify.sh SCENARIO: builds the pods again, loads nftables/VARIANT.nft of one variant after the other,
# makes every connection, and fails unless the kernel lets through just what expected-VARIANT.jsonl
# says is allowed. Needs root; exit 77 where namespaces are refused.
set -uo pipefail
. "$(dirname "$(readlink -f "$0")")/pods.sh"
. "$lab_programs/attempts.sh"
cd "$1" || exit 2
. ./scenario.sh

lab_begin
build_cluster
start_servers
connections >"$lab_folder/connections"
[ -s "$lab_folder/connections" ] || lab_fail "no connections to make"
judge='the kernel'
for variant in "${variants[@]}"; do
	for node in "${nodes[@]}"; do
		in_pod "$node" nft -f nftables/$variant.nft || lab_fail "nftables refuses $variant.nft"
	done
	attempt_all "$variant"
	compare_all "$variant"
	for node in "${nodes[@]}"; do
		in_pod "$node" nft list tables | sed -n 's/^table .* policies$/delete &/p' | in_pod "$node" nft -f -
	done
done
echo "$right connections as expected, $wrong not"
[ $wrong -eq 0 ]
