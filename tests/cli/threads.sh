#!/bin/bash
# However many threads share a replay, it says the same: of every bundled trace, and of one that is
# long enough to be shared.
#
#	threads.sh WEIR TRACES
set -u

weir=$1 traces=$2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0 compared=0

# same NAME REPLAY...: the same bytes and exit code with one thread and with each of $numbers
same() {
	local name=$1 threads
	shift
	for threads in 1 $numbers; do
		"$weir" replay "$@" --threads $threads >"$folder/$threads.out" 2>"$folder/$threads.err"
		echo "exit $?" >>"$folder/$threads.err"
	done
	for threads in $numbers; do
		if ! cmp "$folder/1.out" "$folder/$threads.out" ||
			! cmp "$folder/1.err" "$folder/$threads.err"; then
			echo "$name: $threads threads say otherwise: replay $*"
			failed=1
		fi
		compared=$((compared + 1))
	done
	# what is the same because nothing came out is no proof
	[ -s "$folder/1.out" ] || { echo "$name: nothing came out: replay $*" && failed=1; }
}

numbers=3
for scenario in "$traces"/*/; do
	scenario=${scenario%/}
	[ -d "$scenario/capture" ] || continue
	first=yes
	for expected in "$scenario"/expected-*.jsonl; do
		variant=$(basename "$expected" .jsonl)
		variant=${variant#expected-}
		files=(-f "$scenario/manifests" -f "$scenario/$variant" -r "$scenario/capture")
		same "$(basename "$scenario") $variant" "${files[@]}" -o json
		[ $first = yes ] || continue
		same "$(basename "$scenario") $variant" "${files[@]}" -o csv --packets --expect "$expected"
		first=no
	done
done

numbers="2 3 8"
# Services before and behind them, and connections that begin again.
"$weir" gen cluster --seed 3 --pods 200 --mix everything -o "$folder/cluster.yaml" &&
	"$weir" gen trace --seed 3 -f "$folder/cluster.yaml" -o "$folder/trace.pcap" --flows 4000 \
		--packets 80000 --connections 2500 --expect "$folder/expected.jsonl" || failed=1
files=(-f "$folder/cluster.yaml" -r "$folder/trace.pcap")
for format in table wide json jsonl csv; do
	same generated "${files[@]}" -o $format
done
for format in table jsonl csv; do
	same generated "${files[@]}" -o $format --packets
done
same generated "${files[@]}" --expect "$folder/expected.jsonl" --summary
same generated "${files[@]}" --stateless -o csv
same generated "${files[@]}" -o csv 'tcp and not port 80'
for threads in 1 3; do
	"$weir" replay "${files[@]}" --threads $threads --summary -w "$folder/out.$threads.pcapng" \
		--denied "$folder/denied.$threads.pcap" >/dev/null || failed=1
done
cmp "$folder/out.1.pcapng" "$folder/out.3.pcapng" || failed=1
cmp "$folder/denied.1.pcap" "$folder/denied.3.pcap" || failed=1

echo "$compared replays by several threads compared with one"
[ $compared -ge 100 ] || failed=1
exit $failed
