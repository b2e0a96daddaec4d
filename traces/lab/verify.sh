#!/usr/bin/env bash
# verify.sh SCENARIO: builds the pods again, loads nftables/VARIANT.nft of one variant after the other,
# makes every connection, and fails unless the kernel lets through just what expected-VARIANT.jsonl
# says is allowed. Needs root; exit 77 where namespaces are refused.
set -uo pipefail
. "$(dirname "$(readlink -f "$0")")/pods.sh"
cd "$1" || exit 2
. ./scenario.sh

# expected FILE FROM TO PROTOCOL PORT: the verdict that the file gives.
expected() {
	/usr/bin/python3 - "$@" <<-'PYTHON'
		import json, sys
		name, source, target, protocol, port = sys.argv[1:]
		rows = [json.loads(line) for line in open(name)]
		found = {row["verdict"] for row in rows
		         if (row["from"], row["to"], row["protocol"]) == (source, target, protocol)
		         and str(row.get("port", "-")) == port}
		print(found.pop() if len(found) == 1 else "none")
	PYTHON
}

# attempt_all VARIANT: makes every connection at once; the N-th leaves its outcome in VARIANT.N.
attempt_all() {
	local client how address port n=0 attempts=()
	while read -r client how address port _; do
		n=$((n + 1))
		{
			if try "$client" "$how" "$address" "$port" 2; then echo allow; else echo deny; fi
		} >"$lab_folder/$1.$n" 2>/dev/null &
		attempts+=($!)
	done < <(connections)
	wait "${attempts[@]}"
}

compare_all() {
	local from to protocol seen want got n=0
	while read -r _ _ _ _ from to protocol seen; do
		n=$((n + 1))
		want=$(expected "expected-$1.jsonl" "$from" "$to" "$protocol" "$seen")
		got=$(cat "$lab_folder/$1.$n")
		if [ "$got" = "$want" ]; then
			right=$((right + 1))
		else
			wrong=$((wrong + 1))
			echo "$1: $from to $to $protocol $seen: the kernel says $got, expected $want"
		fi
	done < <(connections)
}

lab_begin
build_cluster
start_servers
wrong=0 right=0
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
